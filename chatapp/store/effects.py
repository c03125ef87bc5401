"""What each event does to the tables of the record. Doing it twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from chatapp.store import ledger, message_words, tables
from chatapp.store.database import insert_missing
from chatapp.types import Event


def take(connection: Connection, events: list[Event]) -> None:
    """What these events do, in their order. People who come together are written together.

    An event without an effect has none by design: a room's name and topic are in its row before
    their event, for a unique index guards them there.
    """
    for kind, run in groupby(events, key=attrgetter("type")):
        if kind == "member:joined":
            _members_joined(connection, list(run))
        elif effect := _EFFECTS.get(kind):
            for event in run:
                effect(connection, event)
    message_words.follow(connection, events)


def _message_created(connection: Connection, event: Event) -> None:
    row = {
        "room_id": event.room_id,
        "seq": event.seq,
        "workspace_id": event.tenant_id,
        "id": event.id,
        "author_id": event.actor_id,
        "client_id": event.client_id,
        "body": event.data["body"],
        "mentions": event.data["mentions"],
        "revision": 1,
        "at": event.at,
        "asks": event.data.get("asks", False),
        "unasked": event.data.get("unasked"),
        "run": event.data.get("run"),
    }
    insert_missing(connection, tables.messages, [row])
    _set_mentions(connection, event, event.seq)
    if event.data.get("asks"):
        insert_missing(connection, tables.runs, [first_run(event)])
    if event.data.get("run"):
        answered(connection, event)


def answered(connection: Connection, event: Event) -> None:
    """The run this event ends."""
    end_run(connection, event.tenant_id, event.data["run"], event.at)


def first_run(event: Event) -> dict[str, Any]:
    """The row that waits for an answer to this question."""
    return {
        "id": event.id,
        "workspace_id": event.tenant_id,
        "room_id": event.room_id,
        "question_id": event.id,
        "question_seq": event.seq,
        "asker_id": event.actor_id,
        "attempt": 1,
        "state": "waiting",
        "created_at": datetime.fromisoformat(event.at),
    }


def end_run(connection: Connection, tenant_id: str, run: dict[str, Any], at: str) -> None:
    """As its answer says, with what it used; once ended it stays so."""
    row = tables.runs.c
    connection.execute(
        update(tables.runs)
        .where(
            row.id == run["id"],
            row.workspace_id == tenant_id,
            row.state.in_(("waiting", "running")),
        )
        .values(state=run["outcome"], ended_at=datetime.fromisoformat(at))
    )
    ledger.book(connection, tenant_id, run, at)


def _message_edited(connection: Connection, event: Event) -> None:
    data = event.data
    _revise(connection, event, body=data["body"], mentions=data["mentions"], edited_at=event.at)
    _set_mentions(connection, event, data["message_seq"])


def _message_removed(connection: Connection, event: Event) -> None:
    _revise(connection, event, body="", mentions=[], removed_at=event.at)
    _forget_mentions(connection, event, event.data["message_seq"])
    _forget_sources(connection, event.data["message_id"])


def _forget_sources(connection: Connection, message_id: str) -> None:
    """What an answer quoted goes with it."""
    message = tables.messages.c
    query = select(message.run).where(message.id == message_id, message.removed_at.is_not(None))
    if run := connection.execute(query).scalar():
        this = update(tables.messages).where(message.id == message_id)
        connection.execute(this.values(run=run | {"sources": []}))


def _revise(connection: Connection, event: Event, **values: Any) -> None:
    """Only forward: a revision seen before, or an older one, changes nothing."""
    message, revision = tables.messages.c, event.data["revision"]
    connection.execute(
        update(tables.messages)
        .where(message.id == event.data["message_id"], message.revision < revision)
        .values(revision=revision, **values)
    )


def _set_mentions(connection: Connection, event: Event, seq: int) -> None:
    _forget_mentions(connection, event, seq)
    rows = [
        {"room_id": event.room_id, "user_id": user_id, "seq": seq}
        for user_id in event.data["mentions"]
    ]
    insert_missing(connection, tables.mentions, rows)


def _forget_mentions(connection: Connection, event: Event, seq: int) -> None:
    mention = tables.mentions.c
    connection.execute(
        tables.mentions.delete().where(mention.room_id == event.room_id, mention.seq == seq)
    )


def _members_joined(connection: Connection, events: list[Event]) -> None:
    rows = [
        {
            "room_id": event.room_id,
            "user_id": event.data["user_id"],
            "workspace_id": event.tenant_id,
            "role": event.data["role"],
            "joined_at": datetime.fromisoformat(event.at),
        }
        for event in events
    ]
    insert_missing(connection, tables.memberships, rows)
    # Of who was here before: they are back, unless a later event is known already.
    connection.execute(
        _COME_BACK,
        [
            {
                "in_room": event.room_id,
                "who": event.data["user_id"],
                "number": event.seq,
                "as_role": event.data["role"],
            }
            for event in events
        ],
    )


def _member_left(connection: Connection, event: Event) -> None:
    _change_member(connection, event, gone=True)


def _member_changed(connection: Connection, event: Event) -> None:
    _change_member(connection, event, role=event.data["role"])


def _change_member(connection: Connection, event: Event, **values: Any) -> None:
    member = tables.memberships.c
    connection.execute(
        update(tables.memberships)
        .where(
            member.room_id == event.room_id,
            member.user_id == event.data["user_id"],
            member.changed_seq < event.seq,
        )
        .values(changed_seq=event.seq, **values)
    )


def _room_archived(connection: Connection, event: Event) -> None:
    _change_room(connection, event, archived_at=datetime.fromisoformat(event.at))


def _change_room(connection: Connection, event: Event, **values: Any) -> None:
    room = tables.rooms.c
    connection.execute(update(tables.rooms).where(room.id == event.room_id).values(**values))


_member = tables.memberships.c
_COME_BACK = (
    update(tables.memberships)
    .where(
        _member.room_id == bindparam("in_room"),
        _member.user_id == bindparam("who"),
        _member.changed_seq < bindparam("number"),
    )
    .values(changed_seq=bindparam("number"), gone=False, role=bindparam("as_role"))
)

_EFFECTS: dict[str, Callable[[Connection, Event], None]] = {
    "message:created": _message_created,
    "message:edited": _message_edited,
    "message:removed": _message_removed,
    "member:left": _member_left,
    "member:changed": _member_changed,
    "room:archived": _room_archived,
}
