"""Who is in which room, as the record has it. Changed by events only: see record.py."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, select

from chatapp.store.database import reading
from chatapp.store.tables import memberships, users
from chatapp.types import Member


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


def of_room(tenant_id: str, room_id: str) -> list[Member]:
    """Everybody in the room, by name."""
    with reading() as connection:
        rows = connection.execute(
            select(memberships, users.c.name)
            .join(users, users.c.id == memberships.c.user_id)
            .where(*_of_room(tenant_id, room_id))
            .order_by(users.c.name_skeleton)
        ).all()
    return [_member(row) for row in rows]


def admins(tenant_id: str, room_id: str) -> list[str]:
    """The ids of those who administer the room."""
    query = select(memberships.c.user_id).where(
        *_of_room(tenant_id, room_id), memberships.c.role == "admin"
    )
    with reading() as connection:
        return list(connection.execute(query).scalars())


def has_admin(tenant_id: str, room_id: str) -> bool:
    return bool(admins(tenant_id, room_id))


def heir(tenant_id: str, room_id: str) -> str | None:
    """Who has been in a room without administrator for longest; None when it has one, or nobody."""
    if has_admin(tenant_id, room_id):
        return None
    query = (
        select(memberships.c.user_id)
        .where(*_of_room(tenant_id, room_id))
        .order_by(memberships.c.joined_at, memberships.c.user_id)
        .limit(1)
    )
    with reading() as connection:
        return connection.execute(query).scalar()


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


def _of_room(tenant_id: str, room_id: str) -> tuple[ColumnElement[bool], ...]:
    member = memberships.c
    return member.workspace_id == tenant_id, member.room_id == room_id, member.gone.is_(False)


def _member(row: Row[Any]) -> Member:
    return Member(row.user_id, row.name, row.role, row.joined_at)
