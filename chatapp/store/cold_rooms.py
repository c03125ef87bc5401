"""Bringing a room back into Redis: its first life, or the next one after Redis lost it."""

from __future__ import annotations

import secrets
import time

from sqlalchemy import select, update

from chatapp.errors import RoomNotFound
from chatapp.store.connection import run_lua
from chatapp.store.database import reading, writing
from chatapp.store.keys import room_keys
from chatapp.store.tables import memberships, rooms
from chatapp.types import Room

_MOMENT, _MOMENTS = 0.05, 10  # seconds; from claiming a room to its head in Redis is milliseconds


def warm(room: Room) -> None:
    """Put the head and the members beside the log. Raises RoomNotFound, or Busy without the
    database.

    A room that has lived before gets a new epoch and a number well above the record's: what we no
    longer know of was perhaps shown to somebody, and a number is never used twice.
    """
    row = _row(room)
    fresh = not row.epoch and _claim(room)
    epoch = fresh or secrets.token_hex(4)
    keys = room_keys(room)
    if not fresh and row.applied_seq == 0 and _comes_to_life(room):
        return
    run_lua(
        "warm",
        [keys.head, keys.log, keys.shard_life, keys.members],
        [epoch, row.applied_seq, int(not fresh), int(row.archived), *row.member_ids],
    )


def _comes_to_life(room: Room) -> bool:
    """A room without history was perhaps claimed a moment ago, and its first epoch is on the way
    here: who opens a new room with others must not begin its second.
    """
    keys = room_keys(room)
    for _ in range(_MOMENTS):
        if run_lua("stand", [keys.head, keys.shard_life, keys.members], [""])[0] == "ok":
            return True
        time.sleep(_MOMENT)
    return False


class _Row:
    def __init__(self, epoch: str, applied_seq: int, archived: bool, member_ids: list[str]) -> None:
        self.epoch, self.applied_seq = epoch, applied_seq
        self.archived, self.member_ids = archived, member_ids


def _row(room: Room) -> _Row:
    of_room = select(rooms.c.epoch, rooms.c.applied_seq, rooms.c.archived_at).where(
        rooms.c.id == room.id, rooms.c.workspace_id == room.tenant_id
    )
    members = select(memberships.c.user_id).where(
        memberships.c.room_id == room.id, ~memberships.c.gone
    )
    with reading() as connection:
        row = connection.execute(of_room).first()
        if row is None:
            raise RoomNotFound
        ids = list(connection.execute(members).scalars())
    return _Row(row.epoch, row.applied_seq, row.archived_at is not None, ids)


def _claim(room: Room) -> str:
    """The room's first epoch, or "" when somebody else was first: then this is no longer a first life."""
    epoch = secrets.token_hex(4)
    first = update(rooms).where(rooms.c.id == room.id, rooms.c.epoch == "").values(epoch=epoch)
    with writing() as connection:
        return epoch if connection.execute(first).rowcount else ""
