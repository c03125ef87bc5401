"""What people may still ask over their sockets. Counted in this worker's memory, for it is asked
before every event, and reckoned up beside the events with what they asked of other workers; see
docs/decisions. While Redis is away each worker goes on counting for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Any

from flask import Flask

from chatapp.store import keys, local
from chatapp.store.bucket import Bucket
from chatapp.store.connection import asking, redis
from chatapp.store.here import here
from chatapp.types import Caller

_WINDOW = 60.0  # seconds in which an empty bucket fills
_SHARE = 10  # who used a tenth of the limit at one worker is reckoned up


@dataclass(slots=True)
class Asked(Bucket):
    """One person's, for all their connections to this worker."""

    taken: int = 0  # since it was last reckoned up
    known: int | None = None  # what everybody had reckoned up by then
    reckoned_at: float = 0.0

    def take(self, *, most: float, per_second: float) -> float:
        wait = Bucket.take(self, most=most, per_second=per_second)
        if not wait:
            self.taken += 1
        return wait

    def reckon(self, mine: int, total: int, most: float) -> None:
        """`mine` is now part of the `total` of all workers: what grew besides was used elsewhere."""
        now = monotonic()
        if self.known is not None and now - self.reckoned_at < _WINDOW:
            elsewhere = max(0, total - mine - self.known)
            self.left = max(-most, self.left - elsewhere)
        self.taken, self.known, self.reckoned_at = self.taken - mine, total, now


class Ledger:
    def __init__(self) -> None:
        self.people: dict[tuple[str, str], Asked] = {}
        self.cleared_at = monotonic()


def init_app(app: Flask) -> None:
    app.extensions["event_limit"] = Ledger()


def of(caller: Caller) -> Asked:
    """The same for every connection of a person."""
    return _ledger().people.setdefault((caller.tenant_id, caller.user_id), Asked(inf))


def asking_again_in(asked: Bucket) -> float:
    """Seconds until this person may ask something; 0.0 when they just did."""
    most = int(here().config["LIMIT_EVENTS"])
    return asked.take(most=most, per_second=most / _WINDOW)


def settle() -> None:
    """Reckon up who asked much, all in one round trip. Raises Busy."""
    _clear()
    most = int(here().config["LIMIT_EVENTS"])
    people = list(_ledger().people.items())
    due = [(who, each, each.taken) for who, each in people if each.taken * _SHARE >= max(most, 1)]
    if not due:
        return
    with asking():
        pipe = redis.pipeline(transaction=False)
        for who, _, taken in due:
            pipe.incrby(keys.asked(*who), taken)
            pipe.expire(keys.asked(*who), int(2 * _WINDOW))
        totals: list[Any] = pipe.execute()[::2]
    for (_, each, taken), total in zip(due, totals, strict=True):
        each.reckon(taken, total, most)


def _clear() -> None:
    """Forget who left and has everything back; not before, or leaving would give it back."""
    ledger, now = _ledger(), monotonic()
    if now - ledger.cleared_at < _WINDOW:
        return
    ledger.cleared_at = now
    for who, each in list(ledger.people.items()):
        if now - each.since > 2 * _WINDOW and not local.of_user(*who):
            del ledger.people[who]


def _ledger() -> Ledger:
    ledger: Ledger = here().extensions["event_limit"]
    return ledger
