"""What passages mean, as vectors, and which of them are nearest to a question's.

The vectors are kept in columns that every database has, and compared by sqlite-vec or pgvector,
where there is one: all of a workspace's and no others. See docs/decisions/0011.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from struct import pack
from typing import Any

from flask import current_app
from sqlalchemy import Connection, Row, and_, delete, insert, select, text
from sqlalchemy.exc import DBAPIError

from chatapp import logs
from chatapp.store.database import dialect, reading, writing
from chatapp.store.tables import documents, passage_vectors, passages
from chatapp.types import Meaning

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


def missing(model: str, at_most: int) -> list[tuple[str, str]]:
    """(id, text) of served passages that have no vector of this model."""
    passage, vector = passages.c, passage_vectors.c
    query = (
        select(passage.id, documents.c.name, passage.heading, passage.body)
        .join(
            documents,
            and_(documents.c.id == passage.document_id, documents.c.served == passage.version),
        )
        .outerjoin(passage_vectors, and_(vector.passage_id == passage.id, vector.model == model))
        .where(vector.passage_id.is_(None))
        .order_by(passage.number)
        .limit(at_most)
    )
    with reading() as connection:
        rows = connection.execute(query).all()
    return [(row.id, f"{row.name}\n{row.heading}\n{row.body}") for row in rows]


def keep(model: str, found: Sequence[tuple[str, list[float]]]) -> None:
    """The vectors of passages, instead of what was kept of them; an empty one is of a passage that
    the model does not take. Passages that are gone meanwhile stay gone.
    """
    ids = [passage_id for passage_id, _ in found]
    there = select(passages.c.id, passages.c.workspace_id).where(passages.c.id.in_(ids))
    with writing() as connection:
        locked = there.with_for_update(read=True, key_share=True)
        owners = {row.id: row.workspace_id for row in connection.execute(locked)}
        rows = [
            {
                "passage_id": passage_id,
                "workspace_id": owners[passage_id],
                "model": model,
                "dimensions": len(vector),
                "vector": _kept(vector),
            }
            for passage_id, vector in found
            if passage_id in owners
        ]
        if rows:
            connection.execute(
                delete(passage_vectors).where(passage_vectors.c.passage_id.in_(list(owners)))
            )
            connection.execute(insert(passage_vectors), rows)


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
