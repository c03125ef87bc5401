"""From the HTTP door to the socket: who is sent away hears nothing more."""

from __future__ import annotations

import pytest

from chatapp.actions import control as deeds
from chatapp.store import control, local


@pytest.fixture(autouse=True)
def listening(app):
    control.hear(block_ms=1)


def _obey_all() -> None:
    for message in control.hear(block_ms=1):
        deeds.obey(message)


def test_signing_out_closes_the_tabs_of_that_browser_alone(eventually, connect, api, ada):
    here, there = connect(ada), connect(ada)
    [session, _] = [c.caller.session_id for c in local.of_user("acme", "ada")]

    assert api(ada)("DELETE", f"/sessions/{session}").status_code == 200
    _obey_all()

    eventually(lambda: not here.is_connected)
    assert here.heard("session:ended") == [{"reason": "revoked"}]
    assert there.is_connected


def test_the_sign_out_button_does_too(eventually, app, connect, at_browser, ada):
    browser = at_browser(ada)
    session_id = browser.call("GET", "/me").json["data"]["session_id"]
    tab = app.extensions["socketio"].test_client(
        app, headers={"Cookie": f"session={browser.cookie()}"}
    )
    assert [c.caller.session_id for c in local.of_user("acme", "ada")] == [session_id]

    assert browser.post("/sign-out").location == "/sign-in"
    _obey_all()

    eventually(lambda: not tab.is_connected())
    assert browser.get("/settings").status_code == 302


def test_who_is_removed_from_a_room_hears_nothing_said_after(
    connect, deliver, api, lobby, ada, bob
):
    robert = connect(bob)
    robert.ask("room:resume", room_id=lobby.id)
    robert.heard("message:created")

    assert api(ada)("DELETE", "/rooms/lobby/members/bob").status_code == 200
    deliver()
    assert [left["data"]["user_id"] for left in robert.heard("member:left")] == ["bob"]

    api(ada)("POST", "/rooms/lobby/messages", {"client_id": "c-0000001", "body": "at last"})
    deliver()
    assert robert.heard("message:created") == []
    assert robert.ask("room:resume", room_id=lobby.id)["error"]["code"] == "room_not_found"


def test_who_is_brought_into_a_room_is_told_at_once(connect, deliver, api, lobby, ada, person):
    carol = person("carol")
    page = connect(carol)

    api(ada)("POST", "/rooms/lobby/members", {"user_ids": ["carol"]})
    deliver()

    assert [joined["data"]["user_id"] for joined in page.heard("member:joined")] == ["carol"]
