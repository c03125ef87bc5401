"""Each limit is crossed, with Redis and without."""

from __future__ import annotations

import time

import pytest
from redis.backoff import NoBackoff
from redis.retry import Retry

from chatapp.engine.client import PipedRedis
from chatapp.errors import TooFast
from chatapp.store import keys, limits
from chatapp.store.connection import redis as shared_redis
from chatapp.store.own_counts import OwnCounts
from chatapp.types import Caller

ADA, MALLORY = Caller("acme", "ada", "Ada"), Caller("rival", "ada", "Not Ada")
NOBODY = PipedRedis(port=1, retry=Retry(NoBackoff(), 0))


@pytest.fixture(name="settings")
def three_resumes():
    return {"LIMIT_RESUME": 3, "LIMIT_SIGN_IN": 5}


@pytest.fixture(params=["redis", "alone"])
def counting(request, app, monkeypatch):
    """With Redis, and with Redis away."""
    if request.param == "alone":
        gone = NOBODY.connection_pool
        monkeypatch.setattr(
            app.extensions["limits"].shared.storage.storage, "connection_pool", gone
        )
        monkeypatch.setitem(app.extensions, "redis", NOBODY)
        for script in app.extensions["lua"].values():
            monkeypatch.setattr(script, "registered_client", NOBODY)


@pytest.mark.usefixtures("counting")
def test_one_more_than_the_setting_is_too_fast():
    for _ in range(3):
        limits.take("resume", ADA)

    with pytest.raises(TooFast) as refused:
        limits.take("resume", ADA)
    assert 0 < refused.value.retry_after <= 60


@pytest.mark.usefixtures("counting")
def test_what_somebody_else_does_does_not_count():
    for _ in range(3):
        limits.take("resume", ADA)

    limits.take("resume", MALLORY)
    limits.take("connect", ADA)
    limits.take("resume", "192.0.2.1")


@pytest.mark.usefixtures("counting")
def test_what_is_left_can_be_shown():
    limits.take("resume", ADA)
    limits.take("resume", ADA)

    limit, remaining, reset = limits.allowance("resume", ADA)
    assert (limit, remaining) == (3, 1)
    assert 0 < reset <= 60


@pytest.mark.usefixtures("counting")
def test_a_limit_can_be_given_instead_of_set():
    limits.take("upload", ADA, per_minute=1)
    with pytest.raises(TooFast):
        limits.take("upload", ADA, per_minute=1)


@pytest.mark.usefixtures("counting")
def test_the_fifth_failure_makes_the_sixth_wait_a_minute():
    for _ in range(5):
        limits.attempt("sign_in", "ada@acme.test")

    with pytest.raises(TooFast) as refused:
        limits.attempt("sign_in", "ada@acme.test")
    assert 55 < refused.value.retry_after <= 60
    limits.attempt("sign_in", "bob@acme.test")


@pytest.mark.usefixtures("counting")
def test_success_forgives_what_failed_before():
    for _ in range(4):
        limits.attempt("sign_in", "ada@acme.test")
    limits.forgive("sign_in", "ada@acme.test")

    for _ in range(5):
        limits.attempt("sign_in", "ada@acme.test")


def test_who_succeeds_makes_nobody_else_wait(app):
    """An office has one address. Somebody there failed too often, and that is still counted."""
    office = "192.0.2.1"
    for _ in range(5):
        limits.attempt("sign_in", office)
    shared_redis.hset(keys.failures("sign_in", office), "until", 0)  # waited

    for _ in range(3):  # the others sign in, one after the other
        limits.attempt("sign_in", office)
        assert limits.forgive("sign_in", office, at_most=1) == 1

    limits.attempt("sign_in", office)  # and somebody fails again
    with pytest.raises(TooFast):
        limits.attempt("sign_in", office)


def test_a_worker_alone_makes_nobody_else_wait_either(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("chatapp.store.own_counts.time.monotonic", lambda: clock[0])
    own = OwnCounts()
    for _ in range(5):
        own.attempt("office", 5, 60, 3600)
    clock[0] += 61

    for _ in range(3):
        assert own.attempt("office", 5, 60, 3600) == 0
        assert own.forgive("office", 1) == 1

    assert own.attempt("office", 5, 60, 3600) == 0
    assert own.attempt("office", 5, 60, 3600) == 120


def test_each_further_failure_doubles_the_wait_up_to_an_hour(app):
    failures, waits = keys.failures("sign_in", "ada"), []
    for _ in range(13):
        shared_redis.hset(failures, "until", 0)  # waited
        limits.attempt("sign_in", "ada")
        until = int(shared_redis.hget(failures, "until"))
        waits.append(round(max(0, until / 1000 - time.time()) / 60))

    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_worker_alone_waits_by_the_same_rule(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("chatapp.store.own_counts.time.monotonic", lambda: clock[0])
    own, waits = OwnCounts(), []
    for _ in range(13):
        assert own.attempt("ada", 5, 60, 3600) == 0
        wait = own.attempt("ada", 5, 60, 3600) if len(waits) >= 4 else 0
        waits.append(round(wait / 60))
        clock[0] += wait

    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_worker_alone_lets_the_last_minute_fade(monkeypatch):
    clock = [6000.0]
    monkeypatch.setattr("chatapp.store.own_counts.time.time", lambda: clock[0])
    own = OwnCounts()
    assert [own.hit("ada", 4) for _ in range(5)] == [True] * 4 + [False]

    clock[0] += 60  # the whole last minute still weighs
    assert not own.hit("ada", 4)
    clock[0] += 30  # half of it
    assert [own.hit("ada", 4) for _ in range(3)] == [True, True, False]
    clock[0] += 120
    assert own.left("ada", 4) == (4, 30.0)


def test_what_a_worker_remembers_alone_is_bounded():
    own = OwnCounts()
    for number in range(12_000):
        own.hit(str(number), 5)
        own.attempt(str(number), 5, 60, 3600)

    assert len(own.hits) == len(own.failures) == 10_000


def test_redis_is_asked_again_after_a_while_and_not_each_time(app, monkeypatch):
    counters = app.extensions["limits"]
    working = counters.shared.storage.get_connection().connection_pool
    monkeypatch.setattr(
        counters.shared.storage.get_connection(), "connection_pool", NOBODY.connection_pool
    )
    limits.take("resume", ADA)
    monkeypatch.setattr(counters.shared.storage.get_connection(), "connection_pool", working)

    limits.take("resume", ADA)
    assert limits._counters().own.left("resume/acme:ada", 3)[0] == 1  # still alone
    counters.redis_again = 0
    limits.take("resume", ADA)
    assert limits.allowance("resume", ADA).remaining == 2  # of Redis's count
