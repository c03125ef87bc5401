"""What every worker must hear."""

from __future__ import annotations

import pytest
from redis import Redis

from chatapp.errors import Busy
from chatapp.store import control
from chatapp.store.connection import redis


def test_what_is_said_is_read_once_and_in_order(app):
    start = control.last_id()
    control.say("session_ended", "acme", session_id="s1", reason="signed_out")
    control.say("user_disabled", "rival", user_id="mallory")

    said = control.follow(start, block_ms=10)

    assert [message for _, message in said] == [
        {
            "kind": "session_ended",
            "tenant_id": "acme",
            "session_id": "s1",
            "reason": "signed_out",
        },
        {"kind": "user_disabled", "tenant_id": "rival", "user_id": "mallory"},
    ]
    assert control.follow(said[-1][0], block_ms=10) == []


def test_a_new_worker_starts_at_the_end(app):
    control.say("user_disabled", "acme", user_id="ada")

    assert control.follow(control.last_id(), block_ms=10) == []


def test_what_was_heard_a_moment_ago_is_remembered_for_those_on_the_threshold(app):
    control.say("user_disabled", "acme", user_id="ada")
    control.follow("0-0", block_ms=10)

    assert [message["user_id"] for message in control.recent()] == ["ada"]


def test_a_worker_that_cannot_listen_for_a_minute_trusts_nobody(app):
    ear = app.extensions["control"]
    ear.heard_at -= 59
    assert control.trusted()

    ear.heard_at -= 2
    assert not control.trusted()

    control.follow(control.last_id(), block_ms=10)
    assert control.trusted()


def test_not_being_able_to_say_it_is_an_error_of_the_request(app, monkeypatch):
    monkeypatch.setitem(app.extensions, "redis", Redis(port=1))
    with pytest.raises(Busy):
        control.say("user_disabled", "acme", user_id="ada")


def test_the_log_does_not_grow_for_ever(app):
    pipe = redis.pipeline()
    for _ in range(12_000):
        pipe.xadd("control:log", {"kind": "people_changed"})
    pipe.execute()
    control.say("people_changed", "acme", user_id="ada")

    assert redis.xlen("control:log") < 10_200
