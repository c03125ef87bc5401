"""How much anybody may do. Counted in Redis for all workers together; while Redis is away each
worker counts for itself, and never lets everything through.

`who` is a caller, or where somebody comes from or whom they say they are who is not signed in. What they may do in
a minute is the setting LIMIT_<NAME>.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from flask import Flask, current_app
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from chatapp import logs
from chatapp.engine import network
from chatapp.errors import Busy, TooFast
from chatapp.store import keys
from chatapp.store.connection import run_lua
from chatapp.store.own_counts import OwnCounts
from chatapp.types import Caller

log = logs.get(__name__)

_ASK_REDIS_AGAIN = 5.0  # seconds: who asks a frozen Redis each time, waits each time
_ALL = 2**31
_FIRST_WAIT, _LONGEST_WAIT = 60.0, 3600.0  # seconds, after too many failures

Answer = TypeVar("Answer")


class Allowance(NamedTuple):
    limit: int  # a minute
    remaining: int
    reset: float  # seconds until there is room for one more


class _Storage(RedisStorage):
    """On the client of the application."""

    def __init__(self, url: str, client: Any) -> None:
        self._client = client
        super().__init__(url, connection_pool=client.connection_pool, key_prefix=keys.LIMITS)

    def get_connection(self, readonly: bool = False) -> Any:
        return self._client


class Counters:
    """Redis's, and this worker's own for when it is away."""

    def __init__(self, app: Flask) -> None:
        storage = _Storage(app.config["REDIS_URL"], app.extensions["redis"])
        self.shared = SlidingWindowCounterRateLimiter(storage)
        self.own = OwnCounts()
        self.redis_again = 0.0


def init_app(app: Flask) -> None:
    app.extensions["limits"] = Counters(app)


def visitor(address: str) -> str:
    """Somebody who is not signed in. It says what it is: an e-mail may be written like half of
    somebody's IPv6 address.
    """
    return f"address {network(address)}"


def take(name: str, who: Caller | str, *, per_minute: int | None = None) -> None:
    """One more of this. Raises TooFast when there were too many within a minute."""
    whose, counters = _named(who), _counters()
    item = _item(name, per_minute)
    granted = _count(
        lambda: counters.shared.hit(item, name, whose),
        lambda: counters.own.hit(f"{name}/{whose}", item.amount),
    )
    if not granted:
        raise TooFast(retry_after=allowance(name, who, per_minute=per_minute).reset)


def allowance(name: str, who: Caller | str, *, per_minute: int | None = None) -> Allowance:
    """What is left of it, for the X-RateLimit headers."""
    whose, counters = _named(who), _counters()
    item = _item(name, per_minute)

    def shared() -> Allowance:
        stats = counters.shared.get_window_stats(item, name, whose)
        return Allowance(item.amount, stats.remaining, max(0.1, stats.reset_time - time.time()))

    def own() -> Allowance:
        remaining, reset = counters.own.left(f"{name}/{whose}", item.amount)
        return Allowance(item.amount, remaining, reset)

    return _count(shared, own)


def attempt(name: str, who: str) -> None:
    """Before something that may fail and must not be guessed, such as a password: counts as failed
    until forgive() says otherwise, so that many tries at once are not more than many in turn.

    Raises TooFast once the setting LIMIT_<NAME> is used up: then for 1, 2, 4 … minutes after each
    further failure, up to an hour.
    """
    free = _free(name)
    wait = _count(
        lambda: _shared_attempt(name, who, free),
        lambda: _counters().own.attempt(f"{name}/{who}", free, _FIRST_WAIT, _LONGEST_WAIT),
    )
    if wait:
        raise TooFast("Too many attempts. Wait a while before the next one.", retry_after=wait)


def forgive(name: str, who: str, *, at_most: int = _ALL) -> int:
    """It succeeded: what failed before, or `at_most` so many of it, does not count any more. Returns
    how many that were, with the successful one.
    """
    own = _counters().own.forgive(f"{name}/{who}", at_most)
    return _count(
        lambda: max(own, int(run_lua("forgive", [keys.failures(name, who)], [at_most]))),
        lambda: own,
    )


def _shared_attempt(name: str, who: str, free: int) -> float:
    waits = [round(seconds * 1000) for seconds in (_FIRST_WAIT, _LONGEST_WAIT)]
    return float(run_lua("attempt", [keys.failures(name, who)], [free, *waits])) / 1000


def _count(shared: Callable[[], Answer], own: Callable[[], Answer]) -> Answer:
    counters = _counters()
    if time.monotonic() >= counters.redis_again:
        try:
            return shared()
        except (RedisError, Busy) as error:
            counters.redis_again = time.monotonic() + _ASK_REDIS_AGAIN
            log.warning("limits are counted by this worker alone", error=repr(error))
    return own()


def _free(name: str) -> int:
    return int(current_app.config[f"LIMIT_{name.upper()}"])


def _item(name: str, per_minute: int | None) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(per_minute or _free(name))


def _named(who: Caller | str) -> str:
    return f"{who.tenant_id}:{who.user_id}" if isinstance(who, Caller) else who


def _counters() -> Counters:
    counters: Counters = current_app.extensions["limits"]
    return counters
