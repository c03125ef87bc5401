"""Who may no longer be here is sent away, on every worker, and hears nothing after."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import update

from chatapp import bus
from chatapp.actions import control as deeds
from chatapp.errors import Busy
from chatapp.store import control, local, sessions, tables
from chatapp.store.database import connect as connect_database
from chatapp.store.database import writing

NOBODY = Redis(port=1, retry=Retry(NoBackoff(), 0))


@pytest.fixture(autouse=True)
def listening(app):
    control.hear(block_ms=1)
    control.doubts(wait=0)


def obey_all():
    for message in control.hear(block_ms=1):
        deeds.obey(message)


def session_of(caller, number=0):
    return local.of_user(caller.tenant_id, caller.user_id)[number].caller.session_id


def test_a_session_that_ended_is_told_so_and_closed(eventually, connect, ada, bob):
    alice, robert = connect(ada), connect(bob)

    control.say("session_ended", "acme", session_id=session_of(ada), reason="signed_out")
    obey_all()

    assert alice.heard("session:ended") == [{"reason": "signed_out"}]
    eventually(lambda: not alice.is_connected)
    assert robert.is_connected
    assert robert.heard("session:ended") == []


def test_a_changed_password_ends_all_sessions_but_one(eventually, connect, ada):
    here, there = connect(ada), connect(ada)
    kept = session_of(ada)

    control.say(
        "sessions_ended", "acme", user_id="ada", except_session_id=kept, reason="password_changed"
    )
    obey_all()

    eventually(lambda: not there.is_connected)
    assert there.heard("session:ended") == [{"reason": "password_changed"}]
    assert here.is_connected


def test_a_disabled_person_is_gone_from_every_tab(eventually, connect, ada, bob):
    tabs, robert = [connect(ada), connect(ada)], connect(bob)

    control.say("user_disabled", "acme", user_id="ada")
    obey_all()

    eventually(lambda: not any(tab.is_connected for tab in tabs))
    assert [tab.heard("session:ended") for tab in tabs] == [[{"reason": "disabled"}]] * 2
    assert robert.is_connected


def test_a_suspended_workspace_is_empty_and_the_others_are_not(
    eventually, connect, ada, bob, mallory
):
    people, eve = [connect(ada), connect(bob)], connect(mallory)

    control.say("workspace_suspended", "acme")
    obey_all()

    eventually(lambda: not any(client.is_connected for client in people))
    assert eve.is_connected


def test_another_tenants_control_message_concerns_nobody_here(connect, ada):
    alice = connect(ada)

    control.say("user_disabled", "rival", user_id="ada")
    control.say("something_new", "acme", user_id="ada")
    obey_all()

    assert alice.is_connected


def test_a_changed_person_is_told_to_the_workspace_and_acts_in_the_new_role(
    connect, ada, bob, mallory
):
    alice, eve = connect(ada), connect(mallory)
    connect(bob)
    with writing() as connection:
        connection.execute(
            update(tables.users).where(tables.users.c.id == "bob").values(role="admin", name="Rob")
        )

    control.say("people_changed", "acme", user_id="bob")
    obey_all()
    deeds.verify(wait=0)

    assert alice.heard("person:changed") == [
        {"id": "bob", "name": "Rob", "role": "admin", "disabled": False}
    ]
    assert eve.heard("person:changed") == []
    assert {c.caller.role for c in local.of_user("acme", "bob")} == {"admin"}


def test_who_was_sent_away_while_the_worker_was_deaf_is_found_out(
    app, eventually, monkeypatch, connect, ada, bob
):
    alice, robert = connect(ada), connect(bob)
    with monkeypatch.context() as deaf, pytest.raises(Busy):
        deaf.setitem(app.extensions, "patient_redis", NOBODY)
        deeds.listen()
    sessions.revoke("acme", "ada", session_of(ada))

    deeds.listen()
    deeds.verify(wait=0)

    eventually(lambda: not alice.is_connected)
    assert alice.heard("session:ended") == [{"reason": "revoked"}]
    assert robert.is_connected


def test_who_was_sent_away_on_the_threshold_is_found_out(eventually, connect, ada):
    first = connect(ada)
    control.say("session_ended", "acme", session_id="another", reason="revoked")
    control.say("sessions_ended", "acme", user_id="ada", except_session_id="x", reason="revoked")
    control.hear(block_ms=1)  # heard before the connection was there
    late = connect(ada)
    sessions.revoke_all("acme", "ada", except_id=session_of(ada))

    deeds.verify(wait=0)

    eventually(lambda: not late.is_connected)
    assert first.is_connected


def test_a_session_whose_time_is_up_is_told_so_and_closed(eventually, connect, ada):
    alice = connect(ada)
    with writing() as connection:
        past = datetime(2020, 1, 1, tzinfo=UTC)
        connection.execute(update(tables.sessions).values(expires_at=past))

    deeds.verify(wait=0)

    eventually(lambda: not alice.is_connected)
    assert alice.heard("session:ended") == [{"reason": "expired"}]


def test_without_the_database_nobody_is_sent_away_on_a_suspicion(app, connect, monkeypatch, ada):
    alice = connect(ada)
    control.doubt(control.Doubts(everybody=True))
    with monkeypatch.context() as down, pytest.raises(Busy):
        down.setitem(app.extensions, "database", connect_database("sqlite:////nowhere/at/all.db"))
        deeds.verify(wait=0)

    assert alice.is_connected
    assert control.doubts(wait=0).everybody  # asked again later


def test_a_worker_that_is_deaf_for_a_minute_answers_busy_and_lets_its_people_go(
    app, eventually, monkeypatch, connect, ada
):
    alice = connect(ada)
    hung_up = []
    monkeypatch.setattr(bus, "hang_up", lambda sid, *, for_good: hung_up.append((sid, for_good)))
    app.extensions["control"].heard_at -= 61

    assert alice.ask("presence:set", state="away")["error"]["code"] == "busy"
    monkeypatch.setitem(app.extensions, "patient_redis", NOBODY)
    with pytest.raises(Busy):
        deeds.listen()
    assert hung_up == [(c.sid, False) for c in local.all()]
