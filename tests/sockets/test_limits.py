"""Nobody keeps a worker busy by asking."""

from __future__ import annotations

import pytest

from chatapp.store import local


@pytest.fixture
def settings():
    return {"LIMIT_EVENTS": 3, "LIMIT_RESUME": 2, "LIMIT_CONNECT": 2}


def test_who_asks_too_often_is_told_when_to_ask_again(connect, lobby, ada, bob):
    alice = connect(ada)
    for _ in range(3):
        assert alice.ask("room:leave", room_id="lobby")["ok"]

    error = alice.ask("room:leave", room_id="lobby")["error"]

    assert (error["code"], error["retryable"]) == ("too_fast", True)
    assert 0 < error["retry_after"] <= 20
    assert connect(bob).ask("room:leave", room_id="lobby")["ok"]
    for connection in local.of_user("acme", "ada"):
        connection.asked.since -= error["retry_after"] + 0.1
    assert alice.ask("room:leave", room_id="lobby")["ok"]


def test_another_tab_is_no_other_person(connect, lobby, ada):
    here, there = connect(ada), connect(ada)
    for client in (here, there, here):
        assert client.ask("room:leave", room_id="lobby")["ok"]
    here.close()

    assert there.ask("room:leave", room_id="lobby")["error"]["code"] == "too_fast"
    assert there.ask("presence:set", state="away")["error"]["code"] == "too_fast"


def test_resuming_has_a_limit_of_its_own(connect, lobby, ada):
    alice = connect(ada)
    for _ in range(2):
        assert alice.ask("room:resume", room_id="lobby")["ok"]

    assert alice.ask("room:resume", room_id="lobby")["error"]["code"] == "too_fast"


def test_connecting_has_a_limit_of_its_own(connect, lobby, ada, bob):
    assert [connect(ada).is_connected for _ in range(3)] == [True, True, False]
    assert connect(bob).is_connected
