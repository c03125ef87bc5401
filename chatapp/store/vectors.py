"""What passages mean, as vectors, and which of them are nearest to a question's.

The vectors are kept in columns that every database has, and compared by sqlite-vec or pgvector,
where there is one: all of a workspace's and no others. See docs/decisions/0011.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from struct import pack
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import (
    Column,
    Connection,
    Join,
    Row,
    Select,
    and_,
    delete,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from chatapp import logs
from chatapp.store.database import dialect, reading, writing
from chatapp.store.tables import assistants, documents, passage_vectors, passages
from chatapp.types import Embedded, Meaning

log = logs.get(__name__)

_FAR = 0.8  # of two: what is further from a question has nothing to do with it
_LACKING = "a vector extension is missing; searching by words alone"

_NEAREST = """
SELECT p.number, p.words, p.id, d.name AS title, p.heading, p.body, p.document_id, {distance} AS distance
FROM passage_vectors AS v
JOIN passages AS p ON p.id = v.passage_id
JOIN documents AS d ON d.id = p.document_id AND d.served = p.version
WHERE v.workspace_id = :tenant_id AND p.workspace_id = :tenant_id
AND v.model = :model AND v.dimensions = :dimensions
ORDER BY distance, p.number LIMIT :at_most
"""
_DISTANCE = {
    "sqlite": "vec_distance_cosine(v.vector, :asked)",
    "postgresql": "CAST(v.vector AS vector) <=> CAST(CAST(:asked AS real[]) AS vector)",
}
_OFFERED = text("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")


class Made(NamedTuple):
    """What a model made of a passage: nothing, for a reason, if it does not take it."""

    passage_id: str
    vector: list[float]
    reason: str | None = None


def nearest(tenant_id: str, meaning: Meaning, at_most: int) -> list[Row[Any]]:
    """The workspace's passages that mean most nearly the same; none where nothing compares. Raises
    Busy.
    """
    given = {
        "tenant_id": tenant_id,
        "model": meaning.model,
        "dimensions": len(meaning.vector),
        "asked": _kept(meaning.vector),
        "at_most": at_most,
    }
    with reading() as connection:
        if not _compares(connection):
            return []
        asked = text(_NEAREST.format(distance=_DISTANCE[dialect()]))
        rows = connection.execute(asked, given).all()
    # A vector of zeros is at no distance from anything.
    return [row for row in rows if row.distance is not None and row.distance <= _FAR]


def can_find(tenant_id: str, model: str) -> bool:
    """Whether a question's meaning is of any use to this workspace: vectors can be compared here, and
    it has some.
    """
    vector = passage_vectors.c
    some = select(vector.passage_id).where(
        vector.workspace_id == tenant_id, vector.model == model, vector.dimensions > 0
    )
    with reading() as connection:
        return _compares(connection) and connection.execute(some.limit(1)).first() is not None


def is_usable() -> bool:
    """Whether vectors can be compared here; PostgreSQL is given its extension if it has one to give."""
    with reading() as connection:
        if _compares(connection, warn=dialect() == "sqlite"):
            return True
        if dialect() == "sqlite":
            return False
        if connection.execute(_OFFERED).first() is None:
            _warn("pgvector is not installed")
            return False
    try:
        with writing() as connection:
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    except DBAPIError as error:
        _warn(f"pgvector cannot be created: {type(error.orig).__name__}")
        return False
    return True


def lacking(model: str) -> list[str]:
    """The workspaces that want to be found by meaning, and have passages without a vector of this
    model.
    """
    query = _missing(passages.c.workspace_id, model).distinct()
    with reading() as connection:
        return list(connection.execute(query).scalars())


def missing(tenant_id: str, model: str, at_most: int) -> list[tuple[str, str]]:
    """(id, text) of such passages of a workspace."""
    passage = passages.c
    query = _missing(passage.id, model).where(passage.workspace_id == tenant_id)
    query = query.add_columns(documents.c.name, passage.heading, passage.body)
    with reading() as connection:
        rows = connection.execute(query.order_by(passage.number).limit(at_most)).all()
    return [(row.id, f"{row.name}\n{row.heading}\n{row.body}") for row in rows]


def keep(model: str, made: Sequence[Made]) -> None:
    """The vectors of passages, instead of what was kept of them. Passages that are gone meanwhile
    stay gone, and nothing is kept for who does not want it any more.
    """
    passage = passages.c
    there = (
        select(passage.id, passage.workspace_id)
        .join(assistants, assistants.c.workspace_id == passage.workspace_id)
        .where(passage.id.in_([each.passage_id for each in made]), assistants.c.find_by_meaning)
    )
    with writing() as connection:
        locked = there.with_for_update(read=True, key_share=True)
        owners = {row.id: row.workspace_id for row in connection.execute(locked)}
        rows = [
            {
                "passage_id": each.passage_id,
                "workspace_id": owners[each.passage_id],
                "model": model,
                "dimensions": len(each.vector),
                "vector": _kept(each.vector),
                "reason": each.reason,
            }
            for each in made
            if each.passage_id in owners
        ]
        if rows:
            connection.execute(
                delete(passage_vectors).where(passage_vectors.c.passage_id.in_(list(owners)))
            )
            connection.execute(insert(passage_vectors), rows)


def forget(connection: Connection, tenant_id: str) -> None:
    """All of a workspace's."""
    connection.execute(delete(passage_vectors).where(passage_vectors.c.workspace_id == tenant_id))


def progress(tenant_id: str, model: str) -> Embedded:
    """How many of the passages that are found have a vector of this model."""
    passage, vector = passages.c, passage_vectors.c
    query = (
        select(
            func.count(passage.id),
            func.count(vector.dimensions).filter(vector.dimensions > 0),
            func.count(vector.dimensions).filter(vector.dimensions == 0),
            func.max(vector.reason),
        )
        .select_from(_served(model))
        .where(passage.workspace_id == tenant_id)
    )
    with reading() as connection:
        return Embedded(*connection.execute(query).one())


def _missing(what: Column[str], model: str) -> Select[Any]:
    """Of the served passages that have no vector of this model and may have one."""
    wanted = assistants.c.workspace_id == passages.c.workspace_id
    return (
        select(what)
        .select_from(_served(model).join(assistants, wanted))
        .where(passage_vectors.c.passage_id.is_(None), assistants.c.find_by_meaning)
    )


def _served(model: str) -> Join:
    """The passages that are found, with their vectors of this model where there are."""
    passage, vector = passages.c, passage_vectors.c
    document = and_(documents.c.id == passage.document_id, documents.c.served == passage.version)
    its = and_(vector.passage_id == passage.id, vector.model == model)
    return passages.join(documents, document).outerjoin(passage_vectors, its)


def _kept(vector: list[float]) -> bytes | list[float]:
    return pack(f"<{len(vector)}f", *vector) if dialect() == "sqlite" else vector


def _compares(connection: Connection, *, warn: bool = True) -> bool:
    if connection.dialect.name != "sqlite":
        found = text("SELECT 1 FROM pg_extension WHERE extname = 'vector'")
        usable = connection.execute(found).first() is not None
        reason = "pgvector"
    elif (usable := connection.info.get("vectors", False)) is False:
        reason = _load(connection.connection.driver_connection)
        usable = connection.info["vectors"] = not reason
    if not usable and warn:
        _warn(reason)
    return usable


def _load(connection: Any) -> str:
    """sqlite-vec into this connection; why not, if it cannot be."""
    try:
        import sqlite_vec  # noqa: PLC0415 - for those who use it

        connection.enable_load_extension(True)
        try:
            sqlite_vec.load(connection)
        finally:
            connection.enable_load_extension(False)
    except AttributeError:
        return "this Python's sqlite3 loads no extensions"
    except (ImportError, sqlite3.Error) as error:
        return f"sqlite-vec: {type(error).__name__}"
    return ""


def _warn(reason: str) -> None:
    """Once in the life of a process."""
    if not current_app.extensions.get("vectors_warned"):
        log.warning(_LACKING, reason=reason)
    current_app.extensions["vectors_warned"] = True
