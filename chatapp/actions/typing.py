"""Typing is said, never stored; browsers forget it by themselves after six seconds."""

from __future__ import annotations

from chatapp import bus
from chatapp.errors import RoomNotFound
from chatapp.store import local
from chatapp.store.local import Connection, Typing
from chatapp.types import Caller, Room

_BURST = 4  # starts in a row, per connection and room: a short message is written and sent at once


def start(caller: Caller, *, room_id: str, sid: str) -> None:
    """To a room this connection follows; saying it too often is saying it once a second."""
    typing = _following(sid, room_id).typing.setdefault(room_id, Typing(_BURST))
    if not typing.take(most=_BURST, per_second=1):
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
