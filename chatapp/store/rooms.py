"""Rooms as the record has them. A new one is a row first, for its unique name, and then an event;
every later change is an event that record.py applies.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from uuid_utils import uuid7

from chatapp import text
from chatapp.errors import Conflict, InvalidPayload
from chatapp.store.database import reading, writing
from chatapp.store.tables import memberships, rooms
from chatapp.types import RoomKind, RoomRecord

TOPIC_MAX = 250  # characters

_MEMBERS = (
    select(func.count())
    .select_from(memberships)
    .where(memberships.c.room_id == rooms.c.id, memberships.c.gone.is_(False))
    .correlate(rooms)
    .scalar_subquery()
    .label("member_count")
)


def add(
    tenant_id: str,
    *,
    kind: RoomKind,
    name: str | None,
    topic: str,
    created_by: str,
    roles: dict[str, str],
) -> RoomRecord:
    """A room with its first members (`roles`: user id -> role in the room), in one transaction.

    `name` is None for a direct room and a new one of the assistant. Raises Conflict when a room of
    this name, or a direct room of these people, exists; InvalidPayload for a name in which nothing is visible.
    """
    now, room_id = datetime.now(UTC), str(uuid7())
    name, name_skeleton = (None, None) if name is None else _proper(name)
    topic = text.clean_name(topic)[:TOPIC_MAX]  # composing can make it longer
    row = {
        "id": room_id,
        "workspace_id": tenant_id,
        "kind": kind,
        "name": name,
        "name_skeleton": name_skeleton,
        "direct_key": _direct_key(list(roles)) if kind == "direct" else None,
        "topic": topic,
        "created_by": created_by,
        "created_at": now,
        "epoch": "",  # until its log first comes to life
    }
    members = [
        {
            "room_id": room_id,
            "user_id": user_id,
            "workspace_id": tenant_id,
            "role": role,
            "joined_at": now,
        }
        for user_id, role in roles.items()
    ]
    try:
        with writing() as connection:
            connection.execute(insert(rooms).values(row))
            if members:
                connection.execute(insert(memberships), members)
    except IntegrityError:
        raise _taken() from None
    return RoomRecord(tenant_id, room_id, kind, name, topic, False, len(members))


def rename(
    tenant_id: str, room_id: str, *, name: str, topic: str, unique: bool = True
) -> tuple[str, str]:
    """The name and topic as they are from now on; telling the room is the caller's. A name that is
    not `unique` is one of many alike, and keeps nobody from it.

    Raises Conflict, InvalidPayload.
    """
    name, skeleton = _proper(name)
    name_skeleton = skeleton if unique else None
    topic = text.clean_name(topic)[:TOPIC_MAX]  # composing can make it longer
    try:
        with writing() as connection:
            connection.execute(
                update(rooms)
                .where(rooms.c.workspace_id == tenant_id, rooms.c.id == room_id)
                .values(name=name, name_skeleton=name_skeleton, topic=topic)
            )
    except IntegrityError:
        raise _taken() from None
    return name, topic


def find(tenant_id: str, room_id: str) -> RoomRecord | None:
    return _one(tenant_id, rooms.c.id == room_id)


def by_name(tenant_id: str, name: str) -> RoomRecord | None:
    """The room of this name, or of one that looks like it."""
    return _one(tenant_id, rooms.c.name_skeleton == text.skeleton(name))


def direct(tenant_id: str, user_ids: list[str]) -> RoomRecord | None:
    """The direct room of exactly these people."""
    return _one(tenant_id, rooms.c.direct_key == _direct_key(user_ids))


def seen_by(tenant_id: str, user_id: str, room_ids: list[str]) -> list[RoomRecord]:
    """Those of these rooms that are public, or that this person is in."""
    mine = select(memberships.c.room_id).where(
        memberships.c.user_id == user_id, memberships.c.gone.is_(False)
    )
    seen = (rooms.c.kind == "public") | rooms.c.id.in_(mine)
    query = select(rooms, _MEMBERS).where(
        rooms.c.workspace_id == tenant_id, rooms.c.id.in_(room_ids), seen
    )
    with reading() as connection:
        return [_record(row) for row in connection.execute(query)]


def page(
    tenant_id: str,
    *,
    q: str,
    after: tuple[str, str] | None,
    limit: int,
    archived: bool = False,
    also_of: str | None = None,
) -> list[RoomRecord]:
    """Public rooms by name, then id, and the named private ones of `also_of`; `after` is the last
    (name, id) seen.
    """
    mine = select(memberships.c.room_id).where(
        memberships.c.user_id == also_of, memberships.c.gone.is_(False)
    )
    seen = (rooms.c.kind == "public") | ((rooms.c.kind == "private") & rooms.c.id.in_(mine))
    query = select(rooms, _MEMBERS).where(rooms.c.workspace_id == tenant_id, seen)
    if not archived:
        query = query.where(rooms.c.archived_at.is_(None))
    if q:
        query = query.where(rooms.c.name.icontains(q, autoescape=True))
    lowered = func.lower(rooms.c.name)
    if after is not None:
        name, room_id = after
        query = query.where(tuple_(lowered, rooms.c.id) > tuple_(func.lower(name), room_id))
    with reading() as connection:
        rows = connection.execute(query.order_by(lowered, rooms.c.id).limit(limit)).all()
    return [_record(row) for row in rows]


def _one(tenant_id: str, condition: ColumnElement[bool]) -> RoomRecord | None:
    with reading() as connection:
        row = connection.execute(
            select(rooms, _MEMBERS).where(rooms.c.workspace_id == tenant_id, condition)
        ).first()
    return _record(row) if row else None


def _proper(name: str) -> tuple[str, str]:
    """The name as it is shown, and what it looks like."""
    name = text.clean_name(name).removeprefix("#").strip()
    if not 1 <= len(name) <= text.NAME_MAX:
        raise InvalidPayload(
            details={"name": [f"Use between 1 and {text.NAME_MAX} visible characters."]}
        )
    return name, text.skeleton(name)


def _taken() -> Conflict:
    words = "There is a room with this name, or one that looks like it. Choose another."
    return Conflict(words, details={"name": [words]})


def _direct_key(user_ids: list[str]) -> str:
    return sha256("\n".join(sorted(set(user_ids))).encode()).hexdigest()


def _record(row: Row[Any]) -> RoomRecord:
    return RoomRecord(
        row.workspace_id,
        row.id,
        row.kind,
        row.name,
        row.topic,
        row.archived_at is not None,
        row.member_count,
    )
