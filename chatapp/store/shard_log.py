"""The logs that tell the screens and feed the record: every durable event, a stream per shard.

Read twice. Each web worker follows them from where it stands. And one consumer group, whose only
consumer is "record", hands them to whoever holds the shard's writer lock; what it was handed and
did not finish it is handed first again, so nothing is left with a writer that died.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import uuid4

from flask import current_app
from redis.exceptions import ResponseError

from chatapp import metrics
from chatapp.store import codec, keys
from chatapp.store.connection import asking, read_streams, redis
from chatapp.types import Event

_GROUP, _READER = "record", "record"
_COUNTED = 1_000  # entries that wait, of one shard; beyond it the number says nothing more
_WRITER_LOCK = 5_000  # ms; a second writer does no harm, it only repeats work


class Entry(NamedTuple):
    shard: int
    id: str
    event: Event | None  # None: not an event of ours; `raw` and `flaw` say what it is
    raw: str
    flaw: str = ""


class News(NamedTuple):
    """An entry as the screens need it: the JSON is what they are sent."""

    shard: int
    id: str
    tenant_id: str
    json: str


def shards() -> range:
    return range(current_app.config["SHARDS"])


def newest() -> dict[int, str]:
    """The id of the newest entry that each shard has; "0-0" when it has none."""
    with asking():
        pipe = redis.pipeline(transaction=False)
        for shard in shards():
            pipe.xrevrange(keys.shard_log(shard), count=1)
        answers = pipe.execute()
    return {shard: entries[0][0] if entries else "0-0" for shard, entries in enumerate(answers)}


def follow(after: dict[int, str], *, wait: int) -> list[News]:
    """What came after these ids, waiting up to `wait` ms for the first. Raises Busy."""
    streams = {keys.shard_log(shard): last for shard, last in after.items()}
    return [
        News(_shard(name), id_, fields.get("t", ""), fields.get("e", ""))
        for name, entries in read_streams(streams, count=500, wait=wait)
        for id_, fields in entries
    ]


def take(shard: int, *, at_most: int) -> list[Entry]:
    """What was handed out before and not finished, then what is new."""
    return (_take(shard, "0", at_most) or _take(shard, ">", at_most)) if at_most else []


def done(entries: list[Entry]) -> None:
    """Finished: these are not handed out again."""
    with asking():
        pipe = redis.pipeline(transaction=False)
        for entry in entries:
            pipe.xack(keys.shard_log(entry.shard), _GROUP, entry.id)
            pipe.hdel(keys.shard_failures(entry.shard), entry.id)
        pipe.execute()


def failed(entry: Entry) -> int:
    """How often the record has refused this entry by now."""
    with asking():
        return redis.hincrby(keys.shard_failures(entry.shard), entry.id, 1)


@contextmanager
def writing(shard: int) -> Iterator[bool]:
    """Whether we are this shard's writer for the block; others find it taken."""
    name, mine = keys.shard_writer(shard), uuid4().hex
    with asking():
        held = bool(redis.set(name, mine, nx=True, px=_WRITER_LOCK))
    try:
        yield held
    finally:
        if held:
            with asking():
                if redis.get(name) == mine:
                    redis.delete(name)


def waiting() -> dict[int, tuple[int, float]]:
    """For each shard, how many entries the record lacks and for how many seconds the oldest has waited."""
    return {shard: _waiting(shard, at_most=_COUNTED) for shard in shards()}


def lag() -> float:
    """Seconds the oldest event that the record lacks has waited for it."""
    longest = max(_waiting(shard, at_most=1)[1] for shard in shards())
    metrics.record_lag.set(longest)
    return longest


def overdue() -> bool:
    """Whether the record lags more than it should."""
    return lag() > float(current_app.config["RECORD_LAG"])


def unwritten(tenant_id: str, event_id: str) -> Event | None:
    """An event the record lacks, by its id. Reads all that waits: for what is a moment old, not for a search."""
    for shard in shards():
        for entry in _unwritten(shard):
            event = entry.event if event_id in entry.raw else None
            if event and event.id == event_id and event.tenant_id == tenant_id:
                return event
    return None


def trim(shard: int) -> None:
    """Throw away what is finished and older than SHARD_LOG_KEEP. While nobody ever read, all of it stays."""
    first = _first_unwritten(shard)
    if first == "-":
        return
    finished = first.lstrip("(")
    with asking():
        old = round((redis.time()[0] - current_app.config["SHARD_LOG_KEEP"]) * 1000)
        before = min(finished, f"{old}-0", key=lambda entry_id: int(entry_id.split("-")[0]))
        redis.xtrim(keys.shard_log(shard), minid=before, approximate=True)


def _take(shard: int, after: str, at_most: int) -> list[Entry]:
    name = keys.shard_log(shard)
    with asking():
        try:
            answer: Any = redis.xreadgroup(_GROUP, _READER, {name: after}, count=at_most)
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            _make_group(name)
            return []
    return _entries(shard, answer[0][1]) if answer else []


def _make_group(name: str) -> None:
    """From "0", not "$": what was said before the first writer started still counts."""
    try:
        redis.xgroup_create(name, _GROUP, id="0", mkstream=True)
    except ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise


def _waiting(shard: int, *, at_most: int) -> tuple[int, float]:
    first = _first_unwritten(shard)
    with asking():
        entries: Any = redis.xrange(keys.shard_log(shard), min=first, count=at_most)
        if not entries:
            return 0, 0.0
        age = redis.time()[0] - int(entries[0][0].split("-")[0]) / 1000
    return len(entries), max(0.0, age)


def _unwritten(shard: int) -> list[Entry]:
    with asking():
        return _entries(shard, redis.xrange(keys.shard_log(shard), min=_first_unwritten(shard)))  # type: ignore[arg-type]


def _first_unwritten(shard: int) -> str:
    """Where XRANGE begins: at the first entry handed out and not finished, else after the last handed out."""
    name = keys.shard_log(shard)
    with asking():
        try:
            groups: Any = redis.xinfo_groups(name)
        except ResponseError:
            return "-"  # no stream yet
        for group in groups:
            if group["name"] == _GROUP:
                pending: Any = redis.xpending(name, _GROUP)["min"] if group["pending"] else None
                return str(pending or f"({group['last-delivered-id']}")
    return "-"


def _entries(shard: int, answer: list[tuple[str, dict[str, str] | None]]) -> list[Entry]:
    return [_entry(shard, id_, fields) for id_, fields in answer]


def _entry(shard: int, id_: str, fields: dict[str, str] | None) -> Entry:
    if fields is None:  # trimmed while it was pending
        return Entry(shard, id_, None, "", "the entry was trimmed before it was written down")
    raw = fields.get("e", "")
    try:
        return Entry(shard, id_, codec.load(fields["t"], raw), raw)
    except (ValueError, KeyError, TypeError) as error:
        return Entry(shard, id_, None, raw or repr(fields), repr(error))


def _shard(name: str) -> int:
    found = re.match(r"\{s(\d+)\}", name)
    assert found is not None
    return int(found[1])
