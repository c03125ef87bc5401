"""Rooms: finding, making, joining, changing and closing them."""

from __future__ import annotations

from chatapp.actions import access
from chatapp.errors import Conflict, InvalidPayload, NotAllowed, RoomNotFound
from chatapp.store import chronicle, memberships, rooms, users
from chatapp.types import Caller, Event, Listing, RoomKind, RoomRecord, assistant_id

AT_ONCE = 50  # rooms in one answer
MOST_IN_DIRECT = 20  # people in a direct room


def browse(
    caller: Caller, *, q: str = "", after: tuple[str, str] | None = None, all_kinds: bool = False
) -> Listing:
    """Public rooms by name, each with whether the caller is in it; `next` is where to go on.

    `all_kinds` is the administrator's view: archived rooms and the private ones they are in, too.
    """
    found = rooms.page(
        caller.tenant_id,
        q=q,
        after=after,
        limit=AT_ONCE + 1,
        archived=all_kinds,
        also_of=caller.user_id if all_kinds else None,
    )
    mine = set(memberships.of_person(caller.tenant_id, caller.user_id))
    shown = found[:AT_ONCE]
    more = (shown[-1].name or "", shown[-1].id) if len(found) > AT_ONCE else None
    return Listing([(record, record.id in mine) for record in shown], more)


def create(
    caller: Caller,
    *,
    kind: RoomKind,
    name: str | None = None,
    topic: str = "",
    member_ids: list[str] | None = None,
) -> RoomRecord:
    """A room with the caller as its administrator, and the others named. For the same people there
    is one direct room ever. Raises InvalidPayload, Conflict.
    """
    others = _people(caller, member_ids or [])
    if kind == "direct":
        return _direct(caller, others)
    if kind == "assistant":
        return _conversation(caller, others)
    if name is None:
        raise InvalidPayload(details={"name": ["A room needs a name."]})
    roles = dict.fromkeys(others, "member") | {caller.user_id: "admin"}
    return _make(caller, kind, name, topic, roles)


def found(caller: Caller, *, name: str, kind: RoomKind) -> RoomRecord:
    """A room without members: who comes first becomes its administrator. Raises Conflict, …"""
    access.administration(caller)
    return _make(caller, kind, name, "", {})


def named(caller: Caller, *, name: str) -> RoomRecord:
    """A room by its name, for the operator. Raises RoomNotFound."""
    record = rooms.by_name(caller.tenant_id, name) if caller.is_operator else None
    if record is None:
        raise RoomNotFound(f"There is no room {name}.")
    return record


def join(caller: Caller, *, room_id: str) -> None:
    """Come into a public room; nothing happens to who is in it. Raises RoomNotFound, Conflict."""
    record = access.visible_room(caller, room_id)
    if memberships.role(caller.tenant_id, room_id, caller.user_id) is None:
        role = "member" if memberships.has_admin(caller.tenant_id, room_id) else "admin"
        chronicle.note(
            record.room, "member:joined", caller.user_id, user_id=caller.user_id, role=role
        )


def leave(caller: Caller, *, room_id: str) -> None:
    """Raises RoomNotFound, NotAllowed for a direct room."""
    room = access.room(caller, room_id)
    record = access.visible_room(caller, room_id)
    if record.kind == "direct":
        raise NotAllowed("A direct conversation cannot be left.")
    chronicle.leave(room, caller.user_id, user_id=caller.user_id)


def change(
    caller: Caller, *, room_id: str, name: str | None = None, topic: str | None = None
) -> Event:
    """Raises RoomNotFound, NotAllowed, InvalidPayload, Conflict."""
    record = _open(access.governed_room(caller, room_id))
    # The row first: its unique index is what promises that no two rooms share a name.
    new_name, new_topic = rooms.rename(
        caller.tenant_id,
        room_id,
        name=record.name or "" if name is None else name,
        topic=record.topic if topic is None else topic,
        unique=record.kind != "assistant",
    )
    return chronicle.note(
        record.room, "room:changed", caller.user_id, name=new_name, topic=new_topic
    )


def archive(caller: Caller, *, room_id: str) -> Event:
    """Nothing can be said in it any more; what was said stays readable."""
    record = _open(access.governed_room(caller, room_id))
    return chronicle.note(record.room, "room:archived", caller.user_id)


def _open(record: RoomRecord) -> RoomRecord:
    if record.archived:
        raise Conflict("This room is archived.")
    return record


def _people(caller: Caller, user_ids: list[str]) -> list[str]:
    """The ids, once each, without the caller's. Raises InvalidPayload for one nobody here has."""
    wanted = list(dict.fromkeys(user_id for user_id in user_ids if user_id != caller.user_id))
    known = {user.id for user in users.named(caller.tenant_id, wanted) if not user.disabled}
    if set(wanted) - known:
        raise InvalidPayload(details={"member_ids": ["Some of these people are not here."]})
    return wanted


def _direct(caller: Caller, others: list[str]) -> RoomRecord:
    if not 1 <= len(others) < MOST_IN_DIRECT:
        raise InvalidPayload(
            details={"member_ids": [f"Choose between 1 and {MOST_IN_DIRECT - 1} other people."]}
        )
    everybody = [caller.user_id, *others]
    existing = rooms.direct(caller.tenant_id, everybody)
    if existing is not None:
        return existing
    try:
        return _make(caller, "direct", None, "", dict.fromkeys(everybody, "member"))
    except Conflict:  # somebody was quicker
        existing = rooms.direct(caller.tenant_id, everybody)
        if existing is None:
            raise
        return existing


def _conversation(caller: Caller, others: list[str]) -> RoomRecord:
    """With the assistant; it gets its name from the first question."""
    roles = dict.fromkeys([*others, assistant_id(caller.tenant_id)], "member")
    return _make(caller, "assistant", None, "", roles | {caller.user_id: "admin"})


def _make(
    caller: Caller, kind: RoomKind, name: str | None, topic: str, roles: dict[str, str]
) -> RoomRecord:
    """The row and its first members at once, then the events that tell of them."""
    record = rooms.add(
        caller.tenant_id,
        kind=kind,
        name=name,
        topic=topic,
        created_by=caller.user_id,
        roles=roles,
    )
    actor, about = caller.user_id, {"kind": kind, "name": record.name, "topic": record.topic}
    told = [chronicle.draft("room:created", actor, **about)]
    for user_id, role in roles.items():
        told.append(chronicle.draft("member:joined", actor, user_id=user_id, role=role))
    chronicle.note_all(record.room, told)
    return record
