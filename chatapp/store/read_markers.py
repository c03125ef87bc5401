"""How far each person has read. Redis holds the newest; the record follows when the persister comes by."""

from __future__ import annotations

from typing import Any

import orjson

from chatapp.errors import RoomNotFound
from chatapp.store import keys, record, room_log
from chatapp.store.connection import asking, redis, run_lua
from chatapp.store.keys import room_keys
from chatapp.types import Room


def move(room: Room, user_id: str, seq: int) -> int:
    """Forward only, never past the newest event; returns where the marker is now.

    Raises RoomNotFound unless the person is a member.
    """
    names = room_keys(room)
    marker = orjson.dumps([room.tenant_id, room.id, user_id]).decode()
    status, *rest = room_log.warmed(
        room,
        lambda: run_lua(
            "read",
            [names.head, names.shard_life, names.members, names.reads, names.shard_reads],
            [user_id, seq, marker],
        ),
    )
    if status == "stranger":
        raise RoomNotFound
    return int(rest[0])


def held(rooms: list[Room], user_id: str) -> dict[Room, int]:
    """What Redis knows of one person's markers."""
    with asking():
        pipe = redis.pipeline(transaction=False)
        for room in rooms:
            pipe.hget(room_keys(room).reads, user_id)
        return {room: int(mark) for room, mark in zip(rooms, pipe.execute(), strict=True) if mark}


def write_down(shard: int, *, at_most: int) -> int:
    """Bring markers into the record.

    Each is crossed off once it is written: a writer that dies leaves it to the next. One that moved
    meanwhile is noted anew.
    """
    name = keys.shard_reads(shard)
    with asking():
        missing: Any = redis.srandmember(name, at_most)
    if not missing:
        return 0
    written = _marks(missing)
    record.write_reads(written)
    with asking():
        redis.srem(name, *missing)
    now = _marks(missing)
    moved = [each for each, *seqs in zip(missing, written, now, strict=True) if seqs[0] != seqs[1]]
    if moved:
        with asking():
            redis.sadd(name, *moved)
    return len(missing)


def _marks(markers: list[str]) -> list[tuple[str, str, int]]:
    """Room, user and seq of each."""
    names = [orjson.loads(marker) for marker in markers]
    with asking():
        pipe = redis.pipeline(transaction=False)
        for tenant_id, room_id, user_id in names:
            pipe.hget(room_keys(Room(tenant_id, room_id)).reads, user_id)
        seqs = pipe.execute()
    return [
        (room_id, user_id, int(seq or 0))
        for (_, room_id, user_id), seq in zip(names, seqs, strict=True)
    ]
