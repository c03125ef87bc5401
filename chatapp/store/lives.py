"""Whether Redis, started again, still has all it had.

One that crashed may come back without its last second, and would give the numbers of that second
again. So append.lua gives none under a run of the server that nobody has vouched for; here somebody
does, or begins a new life of the shards that lost something: then their rooms are cold, and get new
epochs with numbers well above.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from flask import Flask, current_app
from sqlalchemy import select

from chatapp import logs
from chatapp.errors import Busy
from chatapp.store import codec, keys, shard_log, tail
from chatapp.store.connection import asking, redis, server
from chatapp.store.database import reading
from chatapp.store.keys import room_keys
from chatapp.store.tables import events
from chatapp.types import Room

log = logs.get(__name__)

_RECENT = 500  # events of the record looked for in the logs
_FIRST = 3  # seconds that those who followed the logs have, to vouch before those who did not


def init_app(app: Flask) -> None:
    app.extensions["examining"] = Lock()


def examine() -> set[int]:
    """Vouch for the shards that have all we know of, begin a new life of the others and return
    those.

    Raises Busy when somebody else should say first: whoever followed the logs knows more.
    """
    with _alone():
        run, up = server()
        forgetful, vouched = lost() | _acknowledged_and_lost(), _vouched(run)
        if not vouched:
            here = tail.known()
            if (here is None or here.run == run) and up < _FIRST and _any_entries():
                raise Busy(retry_after=1)
            forgetful |= _behind_the_record()
        for shard in forgetful:
            new_life(shard, run)
        if not vouched:
            _vouch(run)
    return forgetful


def lost() -> set[int]:
    """The shards that lack what this worker has told its people already."""
    here = tail.known()
    told = dict(here.last) if here else {}  # as it is now: the tailer goes on while we ask
    if not told:
        return set()
    with asking():
        pipe = redis.pipeline(transaction=False)
        for shard, last in told.items():
            pipe.xrange(keys.shard_log(shard), last, last)
            pipe.xrange(keys.shard_log(shard), count=1)
        answers: list[Any] = pipe.execute()
    ids = _last_ids()
    return {
        shard
        for (shard, last), held, oldest in zip(
            told.items(), answers[::2], answers[1::2], strict=True
        )
        if _place(ids[shard]) < _place(last)
        or (not held and oldest and _place(oldest[0][0]) < _place(last))
    }


def _acknowledged_and_lost() -> set[int]:
    """The shards that lack what this worker acknowledged last, or have something else in its place."""
    here = tail.known()
    kept = {
        shard: codec.load(room.tenant_id, raw)
        for shard, (room, raw) in (dict(here.acknowledged) if here else {}).items()
    }
    if not kept:
        return set()
    with asking():
        pipe = redis.pipeline(transaction=False)
        for event in kept.values():
            names = room_keys(event.room)
            pipe.hmget(names.head, "epoch", "seq")
            pipe.xrange(names.log, f"{event.seq}-0", f"{event.seq}-0")
        answers: list[Any] = pipe.execute()
    return {
        shard
        for (shard, event), (epoch, seq), held in zip(
            kept.items(), answers[::2], answers[1::2], strict=True
        )
        if epoch == event.epoch
        and (int(seq) < event.seq or (held and event.id not in held[0][1]["e"]))
    }


def new_life(shard: int, name: str) -> None:
    """Every head of this shard is cold from now on.

    Workers that notice the same loss give the same name, so it happens once.
    """
    with asking():
        before = redis.set(keys.shard_life(shard), name, get=True)
    if before != name:
        log.warning("redis came back with less than it had", shard=shard)


@contextmanager
def _alone() -> Iterator[None]:
    """Whoever comes meanwhile waits for what we find, but not for ever."""
    lock: Lock = current_app.extensions["examining"]
    if not lock.acquire(timeout=1.0):
        raise Busy(retry_after=1)
    try:
        yield
    finally:
        lock.release()


def _vouched(run: str) -> bool:
    with asking():
        pipe = redis.pipeline(transaction=False)
        for shard in shard_log.shards():
            pipe.get(keys.shard_run(shard))
        return all(held == run for held in pipe.execute())


def _vouch(run: str) -> None:
    with asking():
        pipe = redis.pipeline(transaction=False)
        for shard in shard_log.shards():
            pipe.set(keys.shard_run(shard), run)
        pipe.execute()


def _any_entries() -> bool:
    return any(last != "0-0" for last in shard_log.newest().values())


def _last_ids() -> dict[int, str]:
    """The id each shard gave last, even if it was trimmed since."""
    with asking():
        pipe = redis.pipeline(transaction=False)
        for shard in shard_log.shards():
            pipe.xinfo_stream(keys.shard_log(shard))
        answers: list[Any] = pipe.execute(raise_on_error=False)
    return {
        shard: answer["last-generated-id"] if isinstance(answer, dict) else "0-0"
        for shard, answer in enumerate(answers)
    }


def _behind_the_record() -> set[int]:
    """The shards with a room whose log ends before what the record has of the same epoch."""
    recent: dict[Room, tuple[str, int]] = {}
    columns = (events.c.workspace_id, events.c.room_id, events.c.epoch, events.c.seq)
    try:
        with reading() as connection:
            for tenant_id, room_id, epoch, seq in connection.execute(
                select(*columns).order_by(events.c.id.desc()).limit(_RECENT)
            ):
                room = Room(tenant_id, room_id)
                recent[room] = max(
                    recent.get(room, (epoch, seq)), (epoch, seq), key=lambda it: it[1]
                )
    except Busy:
        log.warning("the record cannot be asked what redis should have")
    with asking():
        pipe = redis.pipeline(transaction=False)
        for room in recent:
            pipe.hmget(room_keys(room).head, "epoch", "seq")
        heads = pipe.execute()
    return {
        room_keys(room).shard
        for (room, (epoch, seq)), head in zip(recent.items(), heads, strict=True)
        if head[0] == epoch and int(head[1]) < seq
    }


def _place(entry_id: str) -> tuple[int, int]:
    ms, _, n = entry_id.partition("-")
    return int(ms), int(n)
