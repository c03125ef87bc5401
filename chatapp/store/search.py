"""Messages by their words, the newest first: what a person looks for, who knows what was said and
about when. (What the assistant looks for is ranked instead: see passages.py.)
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, text

from chatapp.store import fulltext
from chatapp.store.database import reading
from chatapp.store.fulltext import Term

_LOOKED_THROUGH = 5_000  # messages with the words, the newest: whoever wants an older one says more


class Hit(NamedTuple):
    """A message of the record in which all the words are."""

    message_id: str
    room_id: str
    at: str


def hits(
    tenant_id: str,
    room_ids: list[str],
    asked: list[Term],
    *,
    before: tuple[str, str] | None,
    limit: int,
) -> list[Hit]:
    """Those of these rooms, the newest first; `before` is the last (at, id) already seen. What is
    elsewhere is not even looked at. Raises Busy.
    """
    if not asked or not room_ids:
        return []
    with reading() as connection:
        statement = text(_statement(connection, is_first=before is None))
        at, message_id = before or ("", "")
        given: dict[str, Any] = {
            "tenant_id": tenant_id,
            "room_ids": room_ids,
            "words": _words(connection, room_ids, asked),
            "at": at,
            "message_id": message_id,
            "limit": limit,
        }
        asking = statement.bindparams(bindparam("room_ids", expanding=True))
        return [Hit(*row) for row in connection.execute(asking, given)]


def _words(connection: Connection, room_ids: list[str], asked: list[Term]) -> str:
    """For the index: in one of the rooms, and all of them. PostgreSQL is told the rooms otherwise:
    many places cost it more than many rooms.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    places = [fulltext.place(room_id) for room_id in room_ids] if is_sqlite else []
    each = [fulltext.matching(connection, [], [term]) for term in asked]
    return (" AND " if is_sqlite else " & ").join(
        [*filter(None, [fulltext.matching(connection, places, [])]), *each]
    )


def _statement(connection: Connection, *, is_first: bool) -> str:
    """SQLite is to begin with the index, and would rather begin with the room."""
    join = "CROSS JOIN" if connection.dialect.name == "sqlite" else "JOIN"
    found = fulltext.found_in(connection, "message_words", "words", "room_id IN :room_ids")
    further = "" if is_first else "AND (m.at, m.id) < (:at, :message_id) "
    return (
        f"SELECT m.id, m.room_id, m.at FROM (SELECT number FROM ({found}) AS every "
        f"ORDER BY number DESC LIMIT {_LOOKED_THROUGH}) AS found "
        f"{join} message_words AS w ON w.number = found.number "
        f"{join} messages AS m ON m.room_id = w.room_id AND m.seq = w.seq "
        "WHERE m.workspace_id = :tenant_id AND m.room_id IN :room_ids "
        f"AND m.removed_at IS NULL {further}"
        "ORDER BY m.at DESC, m.id DESC LIMIT :limit"
    )
