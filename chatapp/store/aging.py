"""Which room logs have events old enough to throw away, so that trimming never looks at the others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import current_app
from redis.client import Pipeline

from chatapp.store import keys
from chatapp.store.connection import asking, redis, run_lua
from chatapp.store.keys import room_keys
from chatapp.types import Room

AT_ONCE = 1_000  # rooms, and events of a room, looked at in one go


def grows_old(pipe: Pipeline, room: Room) -> None:
    """This room's log has events that the record holds too: look at it when they are old."""
    shard = keys.shard_of(room.id, current_app.config["SHARDS"])
    due = datetime.now(UTC).timestamp() + _keep()
    pipe.zadd(keys.shard_aging(shard), {f"{room.tenant_id} {room.id}": due}, nx=True)


def trim(shard: int) -> int:
    """Shorten the room logs that are due; returns how many were looked at.

    What the record does not hold stays, however old: `applied` in the room's head says so.
    """
    name = keys.shard_aging(shard)
    with asking():
        now: Any = redis.time()[0]
        due: Any = redis.zrange(name, 0, now, byscore=True, offset=0, num=AT_ONCE)
    for member in due:
        oldest = _trim(Room(*member.split(" ", 1)), before=now - _keep())
        with asking():
            if oldest is None:
                redis.zrem(name, member)
            else:
                redis.zadd(name, {member: max(oldest + _keep(), now + 1)})
    return len(due)


def _trim(room: Room, *, before: float) -> float | None:
    """The time of the oldest event left; None when none is."""
    found = room_keys(room)
    oldest = run_lua("trim", [found.head, found.log], [_iso(before), AT_ONCE])
    return datetime.fromisoformat(oldest).timestamp() if oldest else None


def _iso(seconds: float) -> str:
    """As events carry it, so that strings compare."""
    at = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return at.replace("+00:00", "Z")


def _keep() -> float:
    keep: float = current_app.config["ROOM_LOG_KEEP"]
    return keep
