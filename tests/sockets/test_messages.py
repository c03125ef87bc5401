from __future__ import annotations

import pytest
from uuid_utils import uuid7

from chatapp.store import room_log


def message(room, body="hello", client_id=None):
    return {"room_id": room.id, "client_id": client_id or str(uuid7()), "body": body}


def test_a_message_reaches_everyone_in_the_room(join, deliver, lobby, ada, bob):
    alice, robert = join(ada, lobby), join(bob, lobby)

    ack = alice.ask("message:send", **message(lobby))
    deliver()

    assert ack["ok"]
    event = {key: value for key, value in ack["data"].items() if key != "duplicate"}
    assert ack["data"]["duplicate"] is False
    assert robert.heard("message:created") == [event]
    assert alice.heard("message:created") == [event]


def test_sending_twice_is_sending_once(join, deliver, lobby, ada, bob):
    alice, robert = join(ada, lobby), join(bob, lobby)
    said = message(lobby)

    first, again = alice.ask("message:send", **said), alice.ask("message:send", **said)
    deliver()

    assert again["data"] == {**first["data"], "duplicate": True}
    assert len(robert.heard("message:created")) == 1


def test_who_does_not_listen_hears_nothing(connect, join, deliver, lobby, ada, bob):
    robert = connect(bob)

    join(ada, lobby).ask("message:send", **message(lobby))
    deliver()

    assert robert.heard("message:created") == []


def test_another_tenants_room_does_not_exist(connect, lobby, ada, mallory):
    stranger = connect(mallory)

    for event, payload in [
        ("message:send", message(lobby)),
        ("room:resume", {"room_id": lobby.id}),
        ("room:read", {"room_id": lobby.id, "seq": 1}),
    ]:
        error = stranger.ask(event, **payload)["error"]
        assert (error["code"], error["message"]) == ("room_not_found", "There is no such room.")


def test_a_room_you_are_not_in_does_not_exist(connect, make_room, ada, bob):
    board = make_room("board", ada, kind="private")

    assert connect(bob).ask("message:send", **message(board))["error"]["code"] == "room_not_found"


def test_a_malformed_payload_is_answered_not_dropped(connect, lobby, ada):
    error = connect(ada).ask("message:send", room_id="lobby", colour="red")["error"]

    assert error["code"] == "invalid_payload"
    assert set(error["details"]) == {"client_id", "body", "colour"}
    assert error["retryable"] is False


@pytest.mark.parametrize("payload", [None, [], "text", 7, {"room_id": {}}])
def test_any_payload_gets_an_answer(connect, ada, payload):
    client = connect(ada)

    answer = client.ask_raw("message:send", payload)

    assert answer["error"]["code"] == "invalid_payload"


def test_unexpected_failures_are_answered_too(join, lobby, ada, monkeypatch):
    def explode(*_args, **_how):
        raise RuntimeError("disk on fire")

    alice = join(ada, lobby)
    monkeypatch.setattr(room_log, "keep", explode)
    ack = alice.ask("message:send", **message(lobby))

    assert ack["error"]["code"] == "internal"
    assert "disk" not in str(ack)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("x" * 5_000, None),
        ("x" * 5_001, "too_large"),
        ("\U0001f600" * 5_000, None),
        ("क्षि" * 1_700, "too_large"),
        ("", "invalid_payload"),
        (" \n\t ", "invalid_payload"),
    ],
    ids=["5000", "5001", "20 KB", "over 20 KB", "empty", "blank"],
)
def test_a_body_has_its_limits(join, lobby, ada, body, code):
    ack = join(ada, lobby).ask("message:send", **message(lobby, body))

    assert ack.get("error", {}).get("code") == code


def test_names_after_an_at_sign_are_mentions(join, lobby, ada, bob):
    ack = join(ada, lobby).ask("message:send", **message(lobby, "@bob, @Bobby, a@bob @ADA"))

    assert ack["data"]["data"]["mentions"] == ["bob", "ada"]


def test_a_name_that_is_almost_somebodys_is_no_reason_to_fail(join, lobby, ada, person):
    person("mia")

    ack = join(ada, lobby).ask(
        "message:send", room_id="lobby", client_id="c-0000001", body="hello @m\u0131a and @mia"
    )

    assert ack["data"]["data"]["mentions"] == ["mia"]


@pytest.mark.parametrize("written_down", [False, True], ids=["young", "recorded"])
def test_an_edit_reaches_everyone_and_needs_the_current_revision(
    join, deliver, persist, lobby, ada, bob, written_down
):
    alice, robert = join(ada, lobby), join(bob, lobby)
    said = alice.ask("message:send", **message(lobby))["data"]
    if written_down:
        persist()

    edit = {"message_id": said["id"], "body": "better", "revision": 1}
    ack = alice.ask("message:edit", **edit)
    deliver()

    assert ack["data"]["data"]["revision"] == 2
    assert robert.heard("message:edited")[0]["data"]["body"] == "better"
    assert alice.ask("message:edit", **edit)["error"]["code"] == "conflict"
    assert robert.ask("message:edit", **edit | {"revision": 2})["error"]["code"] == "not_allowed"


def test_a_removed_message_leaves_no_words(join, persist, lobby, ada, bob):
    alice, robert = join(ada, lobby), join(bob, lobby)
    said = alice.ask("message:send", **message(lobby, "a secret"))["data"]
    removal = {"message_id": said["id"], "revision": 1}

    assert robert.ask("message:remove", **removal)["error"]["code"] == "not_allowed"
    assert alice.ask("message:remove", **removal)["ok"]
    persist()

    (shown,) = robert.ask("room:resume", room_id=lobby.id)["data"]["snapshot"]["messages"]
    assert shown["body"] == ""
    assert shown["removed_at"]
    assert alice.ask("message:remove", **removal)["error"]["code"] == "not_found"


@pytest.mark.parametrize("written_down", [False, True], ids=["young", "recorded"])
def test_what_was_just_removed_can_be_neither_edited_nor_removed_again(
    join, persist, lobby, ada, written_down
):
    alice = join(ada, lobby)
    said = alice.ask("message:send", **message(lobby))["data"]
    if written_down:
        persist()  # of its removal the record will not know
    removal = {"message_id": said["id"], "revision": 1}
    assert alice.ask("message:remove", **removal)["ok"]

    again = alice.ask("message:remove", **removal | {"revision": 2})
    edit = alice.ask("message:edit", **removal | {"revision": 2, "body": "back again"})

    assert (again["error"]["code"], edit["error"]["code"]) == ("not_found", "not_found")


@pytest.mark.parametrize("body", ["\u200b", " \u2060\n\u00ad ", "\u3164", "\u2066\u2069"])
def test_a_message_that_shows_nothing_is_not_sent(join, lobby, ada, body):
    error = join(ada, lobby).ask("message:send", **message(lobby, body))["error"]

    assert (error["code"], error["message"]) == ("invalid_payload", "Write something first.")


def test_an_administrator_may_remove_what_others_said(join, lobby, ada, bob):
    said = join(bob, lobby).ask("message:send", **message(lobby))["data"]

    assert join(ada, lobby).ask("message:remove", message_id=said["id"], revision=1)["ok"]


def test_a_message_of_another_tenant_does_not_exist(connect, join, lobby, ada, mallory):
    said = join(ada, lobby).ask("message:send", **message(lobby))["data"]
    stranger = connect(mallory)

    theirs = stranger.ask("message:remove", message_id=said["id"], revision=1)["error"]
    nothing = stranger.ask("message:remove", message_id=str(uuid7()), revision=1)["error"]

    assert theirs["code"] == "not_found"
    assert {**theirs, "request_id": ""} == {**nothing, "request_id": ""}
