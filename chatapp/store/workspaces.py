"""Workspaces: the tenants."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Row, insert, select
from sqlalchemy.exc import IntegrityError
from uuid_utils import uuid7

from chatapp.errors import Conflict
from chatapp.store.database import reading, writing
from chatapp.store.tables import workspaces
from chatapp.types import Workspace


def add(slug: str, name: str) -> Workspace:
    """Raises Conflict when the slug is taken."""
    workspace = Workspace(str(uuid7()), slug, name)
    try:
        with writing() as connection:
            connection.execute(
                insert(workspaces).values(
                    id=workspace.id, slug=slug, name=name, created_at=datetime.now(UTC)
                )
            )
    except IntegrityError:
        words = "There is a workspace with this short name already. Choose another."
        raise Conflict(words, details={"slug": [words]}) from None
    return workspace


def find(tenant_id: str) -> Workspace | None:
    return _one(workspaces.c.id == tenant_id)


def by_slug(slug: str) -> Workspace | None:
    return _one(workspaces.c.slug == slug)


def _one(condition: object) -> Workspace | None:
    with reading() as connection:
        row = connection.execute(select(workspaces).where(condition)).first()  # type: ignore[arg-type]
    return _workspace(row) if row else None


def _workspace(row: Row[tuple[object, ...]]) -> Workspace:
    return Workspace(row.id, row.slug, row.name, suspended=row.suspended_at is not None)
