"""Who is in which room, as the record has it. Changed by events only: see record.py."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_

from chatapp.store.database import reading
from chatapp.store.tables import memberships, rooms, users
from chatapp.types import Member, Room, assistant_id

_ADMIN = memberships.c.role == "admin"


def role(tenant_id: str, room_id: str, user_id: str) -> str | None:
    """Of this person in this room; None when they are not in it."""
    with reading() as connection:
        return connection.execute(
            select(memberships.c.role).where(
                memberships.c.workspace_id == tenant_id,
                memberships.c.room_id == room_id,
                memberships.c.user_id == user_id,
                memberships.c.gone.is_(False),
            )
        ).scalar()


def page(
    tenant_id: str, room_id: str, *, after: tuple[str, str] | None, limit: int
) -> list[Member]:
    """The people in the room by name, then id; `after` is the last (name, id) already seen."""
    lowered = func.lower(users.c.name)
    query = _members(tenant_id, room_id).order_by(lowered, users.c.id).limit(limit)
    if after is not None:
        name, user_id = after
        query = query.where(tuple_(lowered, users.c.id) > tuple_(func.lower(name), user_id))
    return _found(query)


def among(tenant_id: str, room_id: str, user_ids: list[str]) -> list[Member]:
    """Those of these people who are in the room, by name."""
    query = _members(tenant_id, room_id).where(users.c.id.in_(user_ids))
    return _found(query.order_by(func.lower(users.c.name), users.c.id))


def admins(tenant_id: str, room_id: str) -> list[str]:
    """The ids of those who can administer the room: who has an open account."""
    with reading() as connection:
        return list(connection.execute(_open(tenant_id, room_id).where(_ADMIN)).scalars())


def has_admin(tenant_id: str, room_id: str) -> bool:
    """Whether it has one, be it one whose account is closed: it is not for the next who comes."""
    query = select(memberships.c.user_id).where(*_of_room(tenant_id, room_id), _ADMIN)
    with reading() as connection:
        return connection.execute(query.limit(1)).first() is not None


def heir(tenant_id: str, room_id: str) -> str | None:
    """Who has been for longest in a room that nobody can administer; None when somebody can, or
    nobody is left. Closed accounts neither administer nor inherit.
    """
    if admins(tenant_id, room_id):
        return None
    query = _open(tenant_id, room_id).order_by(memberships.c.joined_at, memberships.c.user_id)
    with reading() as connection:
        return connection.execute(query.limit(1)).scalar()


def searched_for(room: Room, user_id: str) -> list[str] | None:
    """The rooms that may be searched for an answer to this person in this room: all of theirs in a
    conversation with the assistant where nobody else is, else this one and their public ones. Who
    comes into a room later reads what was said before: only of a conversation who brings them in is
    told so. None: they are not in the room.
    """
    member, ours = memberships.c, assistant_id(room.tenant_id)
    theirs = (
        select(member.room_id, rooms.c.kind)
        .join(rooms, rooms.c.id == member.room_id)
        .join(users, users.c.id == member.user_id)
        .where(
            member.workspace_id == room.tenant_id,
            member.user_id == user_id,
            ~member.gone,
            users.c.disabled_at.is_(None),
        )
    )
    others = select(member.user_id).where(
        *_of_room(room.tenant_id, room.id), member.user_id.not_in((user_id, ours))
    )
    with reading() as connection:
        kinds = {row.room_id: row.kind for row in connection.execute(theirs)}
        alone = connection.execute(others.limit(1)).first() is None
    if room.id not in kinds:
        return None
    alone = alone and kinds[room.id] == "assistant"
    return [id_ for id_, kind in kinds.items() if alone or kind == "public" or id_ == room.id]


def of_person(tenant_id: str, user_id: str) -> list[str]:
    """The ids of the rooms this person is in."""
    with reading() as connection:
        return list(
            connection.execute(
                select(memberships.c.room_id).where(
                    memberships.c.workspace_id == tenant_id,
                    memberships.c.user_id == user_id,
                    memberships.c.gone.is_(False),
                )
            ).scalars()
        )


def _members(tenant_id: str, room_id: str) -> Select[Any]:
    return (
        select(memberships, users.c.name)
        .join(users, users.c.id == memberships.c.user_id)
        .where(*_of_room(tenant_id, room_id))
    )


def _found(query: Select[Any]) -> list[Member]:
    with reading() as connection:
        rows = connection.execute(query).all()
    return [Member(row.user_id, row.name, row.role, row.joined_at) for row in rows]


def _open(tenant_id: str, room_id: str) -> Select[Any]:
    """The ids of people in the room with an open account."""
    return (
        select(memberships.c.user_id)
        .join(users, users.c.id == memberships.c.user_id)
        .where(
            *_of_room(tenant_id, room_id),
            users.c.disabled_at.is_(None),
            users.c.role != "assistant",
        )
    )


def _of_room(tenant_id: str, room_id: str) -> tuple[ColumnElement[bool], ...]:
    member = memberships.c
    return member.workspace_id == tenant_id, member.room_id == room_id, member.gone.is_(False)
