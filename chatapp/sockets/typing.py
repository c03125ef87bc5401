"""That somebody is typing, to the others in the room. Clients do not wait for an answer."""

from __future__ import annotations

from chatapp.actions import typing
from chatapp.schemas import StartTyping, StopTyping
from chatapp.sockets.door import event, sid
from chatapp.types import Caller


@event(StartTyping, asked=False)
def start(caller: Caller, room_id: str) -> object:
    typing.start(caller, room_id=room_id, sid=sid())
    return {}


@event(StopTyping, asked=False)
def stop(caller: Caller, room_id: str) -> object:
    typing.stop(caller, room_id=room_id, sid=sid())
    return {}
