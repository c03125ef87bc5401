"""Documents: their files, and the passages they are cut into.

A document is served from the passages of one version, while the next is being read. Whoever reads
claims a version first, and what a reader of a superseded version still brings is not taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from uuid_utils import uuid7

from chatapp.errors import Conflict
from chatapp.store import fulltext
from chatapp.store.database import reading, writing
from chatapp.store.tables import document_files, documents, passages
from chatapp.types import Document

Piece = tuple[str, str, int]  # heading, body, start in the document's text


class Bounds(NamedTuple):
    size: int  # bytes of a file
    documents: int  # of a workspace
    seconds: int  # of reading one


def bounds() -> Bounds:
    config = current_app.config
    return Bounds(config["DOCUMENT_BYTES"], config["DOCUMENTS"], config["READING_TIME"])


def patience() -> timedelta:
    """Without a sign of progress, until somebody else may read a document."""
    return timedelta(seconds=1.5 * bounds().seconds)


def add(tenant_id: str, *, name: str, kind: str, content: bytes, by: str, at_most: int) -> Document:
    """Raises Conflict when there is one of this name, or `at_most` already."""
    row = _row(name, kind, content, by) | {
        "id": str(uuid7()),
        "workspace_id": tenant_id,
        "version": 1,
        "created_at": datetime.now(UTC),
    }
    try:
        with writing() as connection:
            if _count(connection, tenant_id) >= at_most:
                raise Conflict(f"There are {at_most} documents already. Delete one first.")
            connection.execute(insert(documents).values(row))
            _keep_file(connection, row["id"], 1, content)
            made = select(documents).where(*_of(tenant_id, row["id"]))
            return _document(connection.execute(made).one())
    except IntegrityError:
        raise _taken() from None


def replace(
    tenant_id: str, document_id: str, *, name: str, kind: str, content: bytes, by: str
) -> Document | None:
    """Its next version, to be read. What was read before is served until then. Raises Conflict."""
    try:
        with writing() as connection:
            version = connection.execute(
                update(documents)
                .where(*_of(tenant_id, document_id))
                .values(_row(name, kind, content, by) | {"version": documents.c.version + 1})
                .returning(documents.c.version)
            ).scalar()
            if version is None:
                return None
            connection.execute(
                delete(document_files).where(document_files.c.document_id == document_id)
            )
            _keep_file(connection, document_id, version, content)
            _drop_unserved(connection, document_id)
    except IntegrityError:
        raise _taken() from None
    return find(tenant_id, document_id)


def remove(tenant_id: str, document_id: str) -> bool:
    """For good: neither a table nor an index holds a word of it. False when there was none."""
    with writing() as connection:
        if not connection.execute(select(documents.c.id).where(*_of(tenant_id, document_id))).all():
            return False
        for table in (passages, document_files):
            connection.execute(delete(table).where(table.c.document_id == document_id))
        connection.execute(delete(documents).where(*_of(tenant_id, document_id)))
        fulltext.forget_deleted(connection, passages.name)
    return True


def find(tenant_id: str, document_id: str) -> Document | None:
    with reading() as connection:
        row = connection.execute(select(documents).where(*_of(tenant_id, document_id))).first()
    return _document(row) if row else None


def count(tenant_id: str) -> int:
    with reading() as connection:
        return _count(connection, tenant_id)


def page(tenant_id: str, *, after: tuple[str, str] | None, limit: int) -> list[Document]:
    """By name; `after` is the last (name, id) seen."""
    document = documents.c
    query = select(documents).where(document.workspace_id == tenant_id)
    if after is not None:
        query = query.where(tuple_(document.name, document.id) > tuple_(*after))
    with reading() as connection:
        rows = connection.execute(query.order_by(document.name, document.id).limit(limit)).all()
    return [_document(row) for row in rows]


# --- reading them --------------------------------------------------------------------------------


def unread() -> list[tuple[str, str]]:
    """(tenant id, document id) of those that wait, or whose reader has left, the oldest first."""
    document = documents.c
    query = select(document.workspace_id, document.id).where(_claimable())
    with reading() as connection:
        rows = connection.execute(query.order_by(document.changed_at).limit(100)).all()
    return [(row.workspace_id, row.id) for row in rows]


def claim(tenant_id: str, document_id: str) -> tuple[Document, bytes] | None:
    """The document, ours to read, and its file; None when it is read, or gone, or somebody's."""
    with writing() as connection:
        row = connection.execute(
            update(documents)
            .where(*_of(tenant_id, document_id), _claimable())
            .values(state="reading", done=0, changed_at=datetime.now(UTC))
            .returning(documents)
        ).first()
        if row is None:
            return None
        _drop_unserved(connection, document_id)
        content = connection.execute(
            select(document_files.c.content).where(
                document_files.c.document_id == document_id,
                document_files.c.version == row.version,
            )
        ).scalar_one()
    return _document(row), content


def keep(document: Document, done: int, pieces: Sequence[Piece]) -> bool:
    """The next passages, after `done` others. False when nobody wants them any more."""
    rows = [
        {
            "id": str(uuid7()),
            "workspace_id": document.tenant_id,
            "document_id": document.id,
            "version": document.version,
            "place": place,
            "heading": heading,
            "body": body,
            "start": start,
            "words": fulltext.indexed(document.tenant_id, document.name, heading, body),
        }
        for place, (heading, body, start) in enumerate(pieces, done)
    ]
    with writing() as connection:
        if not _change(connection, document, done, done=done + len(rows)):
            return False
        connection.execute(insert(passages), rows)
    return True


def serve(document: Document, done: int) -> bool:
    """From now on what was read is found, and what was before is gone. False as in keep."""
    with writing() as connection:
        if not _change(connection, document, done, state="ready", served=document.version):
            return False
        if _drop_unserved(connection, document.id):
            fulltext.forget_deleted(connection, passages.name)
    return True


def give_up(document: Document, done: int, reason: str) -> None:
    """It cannot be read. What was served before, still is."""
    with writing() as connection:
        if _change(connection, document, done, state="failed", done=0, error=reason):
            _drop_unserved(connection, document.id)


def _change(connection: Connection, document: Document, so_far: int, /, **values: Any) -> bool:
    """As its reader. Two of them cannot have done equally much: the second drops what it finds."""
    ours = update(documents).where(
        *_of(document.tenant_id, document.id),
        documents.c.version == document.version,
        documents.c.state == "reading",
        documents.c.done == so_far,
    )
    changed = connection.execute(ours.values(changed_at=datetime.now(UTC), **values))
    return changed.rowcount == 1


def _claimable() -> ColumnElement[bool]:
    document = documents.c
    long_ago = datetime.now(UTC) - patience()
    left = (document.state == "reading") & (document.changed_at < long_ago)
    return (document.state == "waiting") | left


def _drop_unserved(connection: Connection, document_id: str) -> int:
    """The passages of every version but the one that is served: how many."""
    served = select(func.coalesce(documents.c.served, 0)).where(documents.c.id == document_id)
    gone = delete(passages).where(
        passages.c.document_id == document_id, passages.c.version != served.scalar_subquery()
    )
    return connection.execute(gone).rowcount


def _row(name: str, kind: str, content: bytes, by: str) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "size": len(content),
        "state": "waiting",
        "done": 0,
        "error": None,
        "uploaded_by": by,
        "changed_at": datetime.now(UTC),
    }


def _keep_file(connection: Connection, document_id: str, version: int, content: bytes) -> None:
    row = {"document_id": document_id, "version": version, "content": content}
    connection.execute(insert(document_files).values(row))


def _count(connection: Connection, tenant_id: str) -> int:
    query = select(func.count()).select_from(documents)
    return connection.execute(query.where(documents.c.workspace_id == tenant_id)).scalar_one()


def _of(tenant_id: str, document_id: str) -> tuple[ColumnElement[bool], ...]:
    return documents.c.workspace_id == tenant_id, documents.c.id == document_id


def _taken() -> Conflict:
    words = "There is a document of this name. Replace it, or give this one another name."
    return Conflict(words, details={"file": [words]})


def _document(row: Row[Any]) -> Document:
    names = Document.__dataclass_fields__.keys() - {"tenant_id"}
    return Document(tenant_id=row.workspace_id, **{name: getattr(row, name) for name in names})
