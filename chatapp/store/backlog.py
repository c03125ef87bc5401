"""What was said and the record lacks: how much, for how long, and a young message in it by its id.

However many shards there are, a look costs a round trip, and one more when something waits.
"""

from __future__ import annotations

from typing import Any

from flask import current_app

from chatapp import metrics
from chatapp.errors import Busy
from chatapp.store import keys, shard_log
from chatapp.store.connection import asking, redis
from chatapp.store.sent_before import time_of
from chatapp.types import Event

_COUNTED = 1_000  # entries that wait, of one shard; beyond it the number says nothing more
_TURN = 900  # ms until the next worker may look whether the record needs help
_PAGE, _PAGES = 100, 10  # entries of each shard read at once in search of one, and how often
_NEAR = 2_000  # ms between the clocks of our machines, as a rule
_APART = 900_000  # ms, at the worst


def waiting() -> dict[int, tuple[int, float]]:
    """For each shard, how many entries the record lacks and for how many seconds the oldest has waited."""
    return _waiting(at_most=_COUNTED)


def lag() -> float:
    """Seconds the oldest event that the record lacks has waited for it."""
    longest = max(seconds for _, seconds in _waiting(at_most=1).values())
    metrics.record_lag.set(longest)
    return longest


def overdue() -> list[int]:
    """The shards that need help: their oldest entry has waited for half as long as it may. Of all
    workers one looks at a time; the others find none.
    """
    with asking():
        if not redis.set(keys.RECORD_WATCHED, "1", nx=True, px=_TURN):
            return []
    most = float(current_app.config["RECORD_LAG"])
    found = {shard: waited for shard, (_, waited) in _waiting(at_most=1).items()}
    metrics.record_lag.set(max(found.values()))
    return [shard for shard, waited in found.items() if waited > most / 2]


def young(tenant_id: str, event_id: str) -> Event | None:
    """An event that the record lacks, by its id, which tells when it was made.

    Looked for where it must stand if the clocks agree, then more widely, but never through all that
    waits: Busy when that would be needed, for it will be in the record.
    """
    made = time_of(event_id)
    if not made:
        return None
    return _search(tenant_id, event_id, made, _NEAR) or _search(tenant_id, event_id, made, _APART)


def _search(tenant_id: str, event_id: str, made: int, apart: int) -> Event | None:
    begins = shard_log.begin_of_unfinished(shard_log.shards())
    left = {
        shard: _later(begin, made - apart) for shard, (begin, none) in begins.items() if not none
    }
    for _ in range(_PAGES):
        if not left:
            return None
        pages = _read(left, until=made + apart)
        for shard, page in pages.items():
            for entry in shard_log.entries(shard, page):
                event = entry.event if event_id in entry.raw else None
                if event and event.id == event_id and event.tenant_id == tenant_id:
                    return event
        left = {shard: f"({page[-1][0]}" for shard, page in pages.items() if len(page) == _PAGE}
    raise Busy("The record lags far behind. Try again in a moment.", retry_after=5)


def _read(begins: dict[int, str], *, until: int) -> dict[int, list[Any]]:
    with asking():
        pipe = redis.pipeline(transaction=False)
        for shard, begin in begins.items():
            pipe.xrange(keys.shard_log(shard), min=begin, max=str(until), count=_PAGE)
        return dict(zip(begins, pipe.execute(), strict=True))


def _later(begin: str, ms: int) -> str:
    """Whichever place in a stream comes later."""
    return begin if begin != "-" and int(begin.lstrip("(").split("-")[0]) >= ms else str(ms)


def _waiting(*, at_most: int) -> dict[int, tuple[int, float]]:
    found = dict.fromkeys(shard_log.shards(), (0, 0.0))
    begins = shard_log.begin_of_unfinished(found)
    busy = {shard: begin for shard, (begin, none) in begins.items() if not none}
    if not busy:
        return found
    with asking():
        pipe = redis.pipeline(transaction=False)
        for shard, begin in busy.items():
            pipe.xrange(keys.shard_log(shard), min=begin, count=at_most)
        pipe.time()
        *pages, (seconds, micros) = pipe.execute()
    now = seconds + micros / 1e6
    for shard, page in zip(busy, pages, strict=True):
        if page:
            age = now - int(page[0][0].split("-")[0]) / 1000
            found[shard] = (len(page), max(0.0, age))
    return found
