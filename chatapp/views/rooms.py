"""Rooms."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chatapp.actions import reading, rooms
from chatapp.errors import RoomNotFound
from chatapp.schemas import EventPayload, RoomPayload
from chatapp.schemas.http import BrowsedRoomPayload, ChangeRoom, CreateRoom, Find, ReadOn
from chatapp.types import Caller, Listing, RoomSummary
from chatapp.views.door import endpoint


@endpoint(ReadOn, RoomPayload, listed=True)
def index(caller: Caller, cursor: tuple[str, str] | None) -> object:
    return reading.page(caller, after=cursor)


@endpoint(Find, BrowsedRoomPayload, listed=True)
def browse(caller: Caller, q: str, cursor: tuple[str, str] | None) -> object:
    found = rooms.browse(caller, q=q, after=cursor)
    shown = [asdict(record) | {"joined": joined} for record, joined in found.items]
    return Listing(shown, found.next)


@endpoint(CreateRoom, RoomPayload, status=201)
def create(caller: Caller, **wanted: Any) -> object:
    return _mine(caller, rooms.create(caller, **wanted).id)


@endpoint(gives=RoomPayload)
def show(caller: Caller, room_id: str) -> object:
    return _mine(caller, room_id)


@endpoint(ChangeRoom, EventPayload)
def change(caller: Caller, room_id: str, **changes: str) -> object:
    return rooms.change(caller, room_id=room_id, **changes)


@endpoint(gives=EventPayload)
def archive(caller: Caller, room_id: str) -> object:
    return rooms.archive(caller, room_id=room_id)


@endpoint(gives=RoomPayload)
def join(caller: Caller, room_id: str) -> object:
    rooms.join(caller, room_id=room_id)
    return _mine(caller, room_id)


@endpoint()
def leave(caller: Caller, room_id: str) -> None:
    rooms.leave(caller, room_id=room_id)


def _mine(caller: Caller, room_id: str) -> RoomSummary:
    found = reading.rooms(caller, room_ids=[room_id])
    if not found:
        raise RoomNotFound
    return found[0]
