"""Nobody keeps a worker busy by asking."""

from __future__ import annotations

import pytest

from chatapp.errors import Busy
from chatapp.store import local, presence
from chatapp.store.local import Connection


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


class TestOpenConnections:
    @pytest.fixture
    def settings(self):
        return {"CONNECTIONS_PER_PERSON": 2}

    def test_a_person_has_so_many_at_once(self, connect, lobby, ada, bob):
        first, second, third = connect(ada), connect(ada), connect(ada)
        assert [first.is_connected, second.is_connected, third.is_connected] == [True, True, False]
        assert connect(bob).is_connected

        first.close()
        assert connect(ada).is_connected

    def test_those_to_other_workers_count(self, connect, lobby, ada, bob):
        presence.touch("acme", [Connection(f"elsewhere-{n}", ada) for n in range(2)])

        assert not connect(ada).is_connected
        assert connect(bob).is_connected

    def test_without_redis_this_worker_counts_its_own(self, app, connect, lobby, ada, monkeypatch):
        def away(*_args):
            raise Busy

        monkeypatch.setattr(presence, "connections", away)

        assert [connect(ada).is_connected for _ in range(3)] == [True, True, False]
