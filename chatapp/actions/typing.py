"""Typing is said, never stored; browsers forget it by themselves after six seconds."""

from __future__ import annotations

import time

from chatapp import bus
from chatapp.errors import RoomNotFound
from chatapp.store import local
from chatapp.store.local import Connection
from chatapp.types import Caller, Room

_AT_MOST_EVERY = 1.0  # seconds, per connection and room


def start(caller: Caller, *, room_id: str, sid: str) -> None:
    """To a room this connection follows; saying it too often is saying it once."""
    connection = _following(sid, room_id)
    now = time.monotonic()
    said_at, _ = connection.typing.get(room_id, (0.0, False))
    if now - said_at >= _AT_MOST_EVERY:
        connection.typing[room_id] = (now, True)
        bus.typing_started(Room(caller.tenant_id, room_id), caller, skip_sid=sid)


def stop(caller: Caller, *, room_id: str, sid: str) -> None:
    connection = _following(sid, room_id)
    said_at, typing = connection.typing.get(room_id, (0.0, False))
    if typing:
        connection.typing[room_id] = (said_at, False)
        bus.typing_stopped(Room(caller.tenant_id, room_id), caller, skip_sid=sid)


def _following(sid: str, room_id: str) -> Connection:
    connection = local.get(sid)
    if connection is None or room_id not in connection.rooms:
        raise RoomNotFound
    return connection
