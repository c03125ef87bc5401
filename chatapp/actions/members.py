"""Who is in a room, and who brings them in or sends them away."""

from __future__ import annotations

from dataclasses import replace

from chatapp.actions import access
from chatapp.errors import Conflict, InvalidPayload, NotAllowed, NotFound
from chatapp.store import chronicle, memberships, presence, users
from chatapp.types import Caller, Event, Member

MOST_AT_ONCE = 100  # people brought in by one request


def of(caller: Caller, *, room_id: str) -> list[Member]:
    """Everybody in a room the caller is in, or governs, by name. Raises RoomNotFound."""
    if memberships.role(caller.tenant_id, room_id, caller.user_id) is None:
        access.governed_room(caller, room_id)
    members = memberships.of_room(caller.tenant_id, room_id)
    states = presence.seen(caller.tenant_id, [member.user_id for member in members])
    return [replace(m, presence=states.get(m.user_id, "offline")) for m in members]


def add(caller: Caller, *, room_id: str, user_ids: list[str]) -> list[Member]:
    """Bring people in: members may, and who governs the room. Raises InvalidPayload, NotAllowed."""
    record = access.visible_room(caller, room_id)
    if memberships.role(caller.tenant_id, room_id, caller.user_id) is None:
        access.governed_room(caller, room_id)
    if record.kind == "direct":
        raise NotAllowed("A direct conversation keeps its people. Start another one.")
    if record.archived:
        raise Conflict("This room is archived.")
    known = {user.id for user in users.named(caller.tenant_id, user_ids) if not user.disabled}
    if set(user_ids) - known:
        raise InvalidPayload(details={"user_ids": ["Some of these people are not here."]})
    for user_id in dict.fromkeys(user_ids):
        if memberships.role(caller.tenant_id, room_id, user_id) is None:
            role = "member" if memberships.has_admin(caller.tenant_id, room_id) else "admin"
            # Nobody in the room knows the operator: then people come by themselves.
            actor = user_id if caller.is_operator else caller.user_id
            chronicle.note(record.room, "member:joined", actor, user_id=user_id, role=role)
    return [member for member in of(caller, room_id=room_id) if member.user_id in known]


def change(caller: Caller, *, room_id: str, user_id: str, role: str) -> Event:
    """Make somebody an administrator of the room, or no longer one. Raises Conflict for the last."""
    record = access.governed_room(caller, room_id)
    _in(caller, room_id, user_id)
    if role != "admin" and memberships.admins(caller.tenant_id, room_id) == [user_id]:
        raise Conflict("A room needs an administrator. Choose another one first.")
    return chronicle.note(record.room, "member:changed", caller.user_id, user_id=user_id, role=role)


def remove(caller: Caller, *, room_id: str, user_id: str) -> Event:
    """Send somebody out of a room one governs. Raises NotFound, NotAllowed."""
    record = access.governed_room(caller, room_id)
    _in(caller, room_id, user_id)
    return chronicle.leave(record.room, caller.user_id, user_id=user_id)


def _in(caller: Caller, room_id: str, user_id: str) -> None:
    if memberships.role(caller.tenant_id, room_id, user_id) is None:
        raise NotFound("This person is not in the room.")
