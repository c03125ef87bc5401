from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import session as cookie
from sqlalchemy import event, update

from chatapp import auth
from chatapp.errors import Blocked, NotSignedIn
from chatapp.store import sessions, tables, users
from chatapp.store.database import writing
from tests.conftest import token_of


def test_a_token_says_who_and_through_which_session(app, ada):
    caller = auth.identify({"token": token_of(ada)}, {})

    assert caller.session_id != ada.session_id
    assert replace(caller, session_id=ada.session_id) == ada


@pytest.mark.parametrize(
    "credentials", [None, {}, [], "x", {"token": None}, {"token": 5}, {"token": "x.y"}]
)
def test_anything_else_is_a_stranger(app, credentials):
    with app.test_request_context(), pytest.raises(NotSignedIn):
        auth.identify(credentials, {})


def test_a_token_of_another_installation_is_worth_nothing(app, ada):
    content = token_of(ada).split(".")[0]

    with pytest.raises(NotSignedIn):
        auth.identify({"token": f"{content}.c2lnbmF0dXJl"}, {})


def test_a_revoked_session_takes_its_token_along(app, ada):
    token = token_of(ada)
    sessions.revoke("acme", "ada", auth.identify({"token": token}, {}).session_id)

    with pytest.raises(NotSignedIn):
        auth.identify({"token": token}, {})


def test_a_token_ends_a_minute_late_for_clocks_that_differ(app, ada):
    def token(seconds: float) -> str:
        return auth.sign(sessions.add(users.find("acme", "ada"), kind="token", lifetime=seconds))

    assert auth.identify({"token": token(-30)}, {}).user_id == "ada"
    with pytest.raises(NotSignedIn):
        auth.identify({"token": token(-90)}, {})


@pytest.mark.parametrize(
    ("table", "column", "row"),
    [(tables.users, "disabled_at", "ada"), (tables.workspaces, "suspended_at", "acme")],
)
def test_who_is_shut_out_is_told_so(app, ada, table, column, row):
    token = token_of(ada)
    with writing() as connection:
        connection.execute(
            update(table).where(table.c.id == row).values({column: datetime.now(UTC)})
        )

    with pytest.raises(Blocked):
        auth.identify({"token": token}, {})


def test_identifying_is_one_query(app, ada):
    token, asked = token_of(ada), []
    event.listen(
        app.extensions["database"],
        "before_cursor_execute",
        lambda _c, _cur, statement, *_rest: asked.append(statement),
    )

    auth.identify({"token": token}, {})

    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 1


def test_the_cookie_of_the_handshake_is_enough(app, ada):
    session = sessions.add(users.find("acme", "ada"), kind="browser", lifetime=60)
    with app.test_request_context():
        auth.remember(session)
        answer = app.make_response("")
        app.session_interface.save_session(app, cookie, answer)
    kept = answer.headers["Set-Cookie"].partition(";")[0]

    assert auth.identify(None, {"HTTP_COOKIE": kept}).session_id == session.id


def test_ended_sessions_are_swept_and_live_ones_stay(app, ada):
    user = users.find("acme", "ada")
    sessions.add(user, kind="token", lifetime=-7200)
    live = sessions.add(user, kind="browser", lifetime=60)

    assert sessions.delete_ended(datetime.now(UTC) - timedelta(hours=1)) == 1
    assert live in sessions.of("acme", "ada")


def test_a_session_is_revoked_by_its_owner_only(app, ada, bob):
    assert not sessions.revoke("acme", "bob", ada.session_id)
    assert not sessions.revoke("rival", "ada", ada.session_id)
    assert sessions.revoke("acme", "ada", ada.session_id)
