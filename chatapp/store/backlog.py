"""What was said and the record lacks: how much, and for how long.

However many shards there are, a look costs a round trip, and one more when something waits.
"""

from __future__ import annotations

from flask import current_app

from chatapp import metrics
from chatapp.store import keys, shard_log
from chatapp.store.connection import asking, redis

_COUNTED = 1_000  # entries that wait, of one shard; beyond it the number says nothing more
_TURN = 900  # ms until the next worker may look whether the record needs help


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
