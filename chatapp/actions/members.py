"""Who is in a room, and who brings them in or sends them away."""

from __future__ import annotations

from dataclasses import replace

from chatapp.actions import access
from chatapp.errors import Conflict, InvalidPayload, NotAllowed, NotFound
from chatapp.store import chronicle, memberships, presence, users
from chatapp.types import Caller, Event, Listing, Member, Room, assistant_id

AT_ONCE = 200  # people in one answer


def page(caller: Caller, *, room_id: str, after: tuple[str, str] | None = None) -> Listing:
    """The people in a room the caller is in, or governs, by name; `next` is where the next page
    begins. Raises RoomNotFound.
    """
    if memberships.role(caller.tenant_id, room_id, caller.user_id) is None:
        access.governed_room(caller, room_id)
    found = memberships.page(caller.tenant_id, room_id, after=after, limit=AT_ONCE + 1)
    shown = found[:AT_ONCE]
    more = (shown[-1].name, shown[-1].user_id) if len(found) > AT_ONCE else None
    return Listing(_seen(caller, shown), more)


def add(caller: Caller, *, room_id: str, user_ids: list[str]) -> list[Member]:
    """Bring people in: members may, and who governs the room. Raises InvalidPayload, NotAllowed.

    One question to the database about all of them, however many: the doors say how many they may
    be.
    """
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
    inside = {member.user_id for member in memberships.among(caller.tenant_id, room_id, user_ids)}
    _bring_in(caller, record.room, [one for one in dict.fromkeys(user_ids) if one not in inside])
    return _seen(caller, memberships.among(caller.tenant_id, room_id, user_ids))


def change(caller: Caller, *, room_id: str, user_id: str, role: str) -> Event:
    """Make somebody an administrator of the room, or no longer one. Raises Conflict for the last."""
    record = access.governed_room(caller, room_id)
    _in(caller, room_id, user_id)
    if _is_assistant(record.room, user_id):
        raise NotAllowed("The assistant administers nothing.")
    if role != "admin" and memberships.admins(caller.tenant_id, room_id) == [user_id]:
        raise Conflict("A room needs an administrator. Choose another one first.")
    return chronicle.note(record.room, "member:changed", caller.user_id, user_id=user_id, role=role)


def remove(caller: Caller, *, room_id: str, user_id: str) -> Event:
    """Send somebody out of a room one governs. Raises NotFound, NotAllowed."""
    record = access.governed_room(caller, room_id)
    _in(caller, room_id, user_id)
    return chronicle.leave(record.room, caller.user_id, user_id=user_id)


def _bring_in(caller: Caller, room: Room, newcomers: list[str]) -> None:
    """The first of them administers a room that nobody does."""
    if not newcomers:
        return
    roles = dict.fromkeys(newcomers, "member")
    if not memberships.has_admin(room.tenant_id, room.id):
        roles[next((one for one in newcomers if not _is_assistant(room, one)), "")] = "admin"
        roles.pop("", None)
    told = []
    for user_id, role in roles.items():
        # Nobody in the room knows the operator: then people come by themselves.
        actor = user_id if caller.is_operator else caller.user_id
        told.append(chronicle.draft("member:joined", actor, user_id=user_id, role=role))
    chronicle.note_all(room, told)


def _is_assistant(room: Room, user_id: str) -> bool:
    return user_id == assistant_id(room.tenant_id)


def _seen(caller: Caller, members: list[Member]) -> list[Member]:
    states = presence.seen(caller.tenant_id, [member.user_id for member in members])
    return [replace(m, presence=states.get(m.user_id, "offline")) for m in members]


def _in(caller: Caller, room_id: str, user_id: str) -> None:
    if memberships.role(caller.tenant_id, room_id, user_id) is None:
        raise NotFound("This person is not in the room.")
