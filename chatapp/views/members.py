"""The members of a room."""

from __future__ import annotations

from chatapp.actions import members
from chatapp.schemas import EventPayload
from chatapp.schemas.http import AddMembers, ChangeMember, MemberPayload, ReadOn
from chatapp.types import Caller, Listing
from chatapp.views.door import endpoint


@endpoint(ReadOn, MemberPayload, listed=True)
def index(caller: Caller, room_id: str, cursor: tuple[str, str] | None) -> object:
    return members.page(caller, room_id=room_id, after=cursor)


@endpoint(AddMembers, MemberPayload, listed=True)
def add(caller: Caller, room_id: str, user_ids: list[str]) -> object:
    return Listing(members.add(caller, room_id=room_id, user_ids=user_ids))


@endpoint(ChangeMember, EventPayload)
def change(caller: Caller, room_id: str, user_id: str, role: str) -> object:
    return members.change(caller, room_id=room_id, user_id=user_id, role=role)


@endpoint(gives=EventPayload)
def remove(caller: Caller, room_id: str, user_id: str) -> object:
    return members.remove(caller, room_id=room_id, user_id=user_id)
