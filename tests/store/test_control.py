"""What every worker must hear."""

from __future__ import annotations

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from chatapp.errors import Busy
from chatapp.store import control
from chatapp.store.connection import redis
from chatapp.types import Caller

NOBODY = Redis(port=1, retry=Retry(NoBackoff(), 0))


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


def test_what_was_said_while_nobody_listened_is_a_doubt_about_everybody(app):
    control.hear(block_ms=10)
    assert control.doubts(wait=0).everybody

    control.hear(block_ms=10)
    assert not control.doubts(wait=0).everybody


def test_after_redis_was_away_everybody_is_doubted(app, monkeypatch):
    control.hear(block_ms=10)
    control.doubts(wait=0)
    with monkeypatch.context() as away, pytest.raises(Busy):
        away.setitem(app.extensions, "patient_redis", NOBODY)
        control.hear(block_ms=10)

    control.hear(block_ms=10)

    assert control.doubts(wait=0).everybody


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "user_disabled", "user_id": "ada"},
        {"kind": "session_ended", "session_id": "s-ada", "reason": "revoked"},
        {"kind": "workspace_suspended"},
    ],
)
def test_who_was_sent_away_while_being_let_in_is_doubted(app, message):
    ada = Caller("acme", "ada", "Ada", session_id="s-ada")
    control.hear(block_ms=10)
    control.doubts(wait=0)
    control.say(tenant_id="acme", **message)
    control.hear(block_ms=10)

    control.doubt_newcomer(Caller("rival", "ada", "Ada", session_id="s-other"))
    assert control.doubts(wait=0).sessions == set()
    control.doubt_newcomer(ada)
    assert control.doubts(wait=0).sessions == {"s-ada"}


def test_a_worker_that_cannot_listen_for_a_minute_trusts_nobody(app):
    ear = app.extensions["control"]
    ear.heard_at -= 59
    assert control.trusted()

    ear.heard_at -= 2
    assert not control.trusted()

    control.hear(block_ms=10)
    assert control.trusted()


def test_not_being_able_to_say_it_is_an_error_of_the_request(app, monkeypatch):
    monkeypatch.setitem(app.extensions, "redis", NOBODY)
    with pytest.raises(Busy):
        control.say("user_disabled", "acme", user_id="ada")


def test_the_log_does_not_grow_for_ever(app):
    pipe = redis.pipeline()
    for _ in range(12_000):
        pipe.xadd("control:log", {"kind": "people_changed"})
    pipe.execute()
    control.say("people_changed", "acme", user_id="ada")

    assert redis.xlen("control:log") < 10_200
