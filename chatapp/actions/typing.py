"""Typing is said, never stored; browsers forget it by themselves after six seconds."""

from __future__ import annotations

import time

from chatapp import bus
from chatapp.errors import RoomNotFound
from chatapp.store import local
from chatapp.store.local import Connection, Typing
from chatapp.types import Caller, Room

_BURST = 4  # starts in a row, per connection and room: a short message is written and sent at once
_AGAIN = 1.0  # seconds until one more


def start(caller: Caller, *, room_id: str, sid: str) -> None:
    """To a room this connection follows; saying it too often is saying it once."""
    connection = _following(sid, room_id)
    typing = connection.typing.setdefault(room_id, Typing(_BURST, time.monotonic()))
    now = time.monotonic()
    typing.left = min(_BURST, typing.left + (now - typing.since) / _AGAIN)
    typing.since = now
    if typing.left >= 1:
        typing.left -= 1
        typing.told = True
        bus.typing_started(Room(caller.tenant_id, room_id), caller, skip_sid=sid)


def stop(caller: Caller, *, room_id: str, sid: str) -> None:
    typing = _following(sid, room_id).typing.get(room_id)
    if typing and typing.told:
        typing.told = False
        bus.typing_stopped(Room(caller.tenant_id, room_id), caller, skip_sid=sid)


def _following(sid: str, room_id: str) -> Connection:
    connection = local.get(sid)
    if connection is None or room_id not in connection.rooms:
        raise RoomNotFound
    return connection
