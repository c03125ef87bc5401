"""The logs that tell the screens and feed the record: every durable event, a stream per shard.

Read twice. Each web worker follows them from where it stands. And one consumer group, whose only
consumer is "record", hands them to whoever holds the shard's writer lock; what it was handed and
did not finish it is handed first again, so nothing is left with a writer that died.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import uuid4

from flask import current_app
from redis.exceptions import ResponseError

from chatapp.store import codec, keys
from chatapp.store.connection import asking, read_streams, redis
from chatapp.types import Event

_GROUP, _READER = "record", "record"
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
    news = []
    for name, entries in read_streams(streams, count=500, wait=wait):
        shard = _shard(name)
        news += [News(shard, id_, *_of_event(fields)) for id_, fields in entries]
    return news


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


def begin_of_unfinished(which: Iterable[int]) -> dict[int, tuple[str, bool]]:
    """Where XRANGE begins in each of these shards to show what the record lacks, and whether that
    is certainly nothing; in one round trip.

    At the first entry handed out and not finished, else after the last handed out.
    """
    shards_asked = list(which)
    with asking():
        pipe = redis.pipeline(transaction=False)
        for shard in shards_asked:
            # In this order: what is handed out in between is then shown, not left out.
            pipe.xinfo_groups(keys.shard_log(shard))
            pipe.xpending(keys.shard_log(shard), _GROUP)
        answers = [_unless_missing(answer) for answer in pipe.execute(raise_on_error=False)]
    return {
        shard: _begin(groups or [], pending or {})
        for shard, groups, pending in zip(shards_asked, answers[::2], answers[1::2], strict=True)
    }


def trim(shard: int) -> None:
    """Throw away what is finished and older than SHARD_LOG_KEEP. While nobody ever read, all of it stays."""
    first, _ = begin_of_unfinished([shard])[shard]
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
    return entries(shard, answer[0][1]) if answer else []


def _make_group(name: str) -> None:
    """From "0", not "$": what was said before the first writer started still counts."""
    try:
        redis.xgroup_create(name, _GROUP, id="0", mkstream=True)
    except ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise


def _begin(groups: list[dict[str, Any]], pending: dict[str, Any]) -> tuple[str, bool]:
    for group in groups:
        if group["name"] == _GROUP:
            first = pending.get("min")
            none_left = not first and group.get("lag") == 0  # unknown after some deletions
            return str(first or f"({group['last-delivered-id']}"), none_left
    return "-", False


def _unless_missing(answer: Any) -> Any:
    """None for what is said of a stream or a group that is not there yet."""
    if not isinstance(answer, Exception):
        return answer
    if isinstance(answer, ResponseError) and str(answer).startswith(("no such key", "NOGROUP")):
        return None
    raise answer


def entries(shard: int, answer: list[tuple[str, dict[str, str] | None]]) -> list[Entry]:
    return [_entry(shard, id_, fields) for id_, fields in answer]


def _entry(shard: int, id_: str, fields: dict[str, str] | None) -> Entry:
    if fields is None:  # trimmed while it was pending
        return Entry(shard, id_, None, "", "the entry was trimmed before it was written down")
    raw = fields.get("e", "")
    try:
        return Entry(shard, id_, codec.load(fields["t"], raw), raw)
    except (ValueError, KeyError, TypeError) as error:
        return Entry(shard, id_, None, raw or repr(fields), repr(error))


def _of_event(fields: list[str]) -> tuple[str, str]:
    """Tenant and JSON."""
    if len(fields) == 4 and fields[0] == "t" and fields[2] == "e":
        return fields[1], fields[3]
    known = dict(zip(fields[::2], fields[1::2], strict=True))
    return known.get("t", ""), known.get("e", "")


def _shard(name: str) -> int:
    found = re.match(r"\{s(\d+)\}", name)
    assert found is not None
    return int(found[1])
