"""What a person may ask is theirs, not their tab's and not each worker's."""

from __future__ import annotations

import pytest

from chatapp import create_app
from chatapp.errors import Busy
from chatapp.store import event_limit
from chatapp.store.event_limit import Asked
from chatapp.types import Caller
from config import Config
from tests.store.test_limits import NOBODY

ADA = Caller("acme", "ada", "Ada")
LIMIT = 100


@pytest.fixture
def settings():
    return {"LIMIT_EVENTS": LIMIT}


@pytest.fixture
def elsewhere(app):
    """Another worker on the same Redis."""
    given = {name: app.config[name] for name in Config.__dataclass_fields__}
    other = create_app(Config(**given))
    yield other
    other.extensions["database"].dispose()


def ask(times: int) -> int:
    """How many of these are granted."""
    account = event_limit.of(ADA)
    return sum(not event_limit.asking_again_in(account) for _ in range(times))


def test_what_was_asked_of_another_worker_counts_here(app, elsewhere):
    for worker in (app, elsewhere):
        with worker.app_context():
            assert ask(20) == 20
            event_limit.settle()  # from now on they know each other
    with elsewhere.app_context():
        assert ask(60) == 60
        event_limit.settle()
    assert ask(10) == 10
    event_limit.settle()

    assert ask(LIMIT) <= 20  # of what would be 70 for this worker alone


def test_who_asks_little_is_not_worth_a_round_trip(app, monkeypatch):
    ask(LIMIT // 10 - 1)
    monkeypatch.setitem(app.extensions, "redis", NOBODY)

    event_limit.settle()


def test_without_redis_the_worker_counts_alone(app, monkeypatch):
    monkeypatch.setitem(app.extensions, "redis", NOBODY)
    assert ask(LIMIT + 10) == LIMIT

    with pytest.raises(Busy):
        event_limit.settle()
    assert ask(10) <= 1  # what came back meanwhile
    assert event_limit.of(ADA).taken == LIMIT  # to be reckoned up when Redis is back


def test_what_was_used_elsewhere_long_ago_has_come_back():
    account = Asked(LIMIT, known=50, reckoned_at=-1_000.0)
    account.reckon(10, 500, LIMIT)

    assert account.left == LIMIT


def test_leaving_gives_nothing_back_until_it_has_come_back_by_itself(app):
    ask(LIMIT)
    ledger = app.extensions["event_limit"]
    ledger.cleared_at -= 1_000
    event_limit.settle()
    assert ask(1) == 0

    event_limit.of(ADA).since -= 1_000
    ledger.cleared_at -= 1_000
    event_limit.settle()
    assert ledger.people == {}
