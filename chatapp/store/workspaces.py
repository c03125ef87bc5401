"""Workspaces: the tenants."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from chatapp import text
from chatapp.errors import Conflict
from chatapp.store.database import reading, writing
from chatapp.store.tables import users, workspaces
from chatapp.types import Workspace, assistant_id


def add(workspace: Workspace) -> None:
    """Raises Conflict when the slug is taken."""
    with writing() as connection:
        insert_workspace(connection, workspace)


def insert_workspace(connection: Connection, workspace: Workspace) -> None:
    """As add(), within somebody's transaction. Its assistant comes with it."""
    now = datetime.now(UTC)
    row = {
        "id": workspace.id,
        "slug": workspace.slug,
        "name": workspace.name,
        "created_at": now,
    }
    try:
        connection.execute(insert(workspaces).values(row))
    except IntegrityError:
        words = "There is a workspace with this short name already. Choose another."
        raise Conflict(words, details={"slug": [words]}) from None
    connection.execute(insert(users).values(assistant(workspace.id, now)))


def assistant(tenant_id: str, at: datetime) -> dict[str, object]:
    """The row of a workspace's assistant. What stands for its address and password is neither, so
    that nobody can sign in as it.
    """
    return {
        "id": assistant_id(tenant_id),
        "workspace_id": tenant_id,
        "email": "assistant",
        "name": "Assistant",
        "name_skeleton": text.skeleton("Assistant"),
        "role": "assistant",
        "password_hash": "!",
        "created_at": at,
    }


def find(tenant_id: str) -> Workspace | None:
    return _one(workspaces.c.id == tenant_id)


def by_slug(slug: str) -> Workspace | None:
    return _one(workspaces.c.slug == slug)


def suspend(tenant_id: str, *, at: datetime | None) -> None:
    """Closed since then, or, with None, open again."""
    closing = update(workspaces).where(workspaces.c.id == tenant_id).values(suspended_at=at)
    with writing() as connection:
        connection.execute(closing)


def _one(condition: object) -> Workspace | None:
    with reading() as connection:
        row = connection.execute(select(workspaces).where(condition)).first()  # type: ignore[arg-type]
    return _workspace(row) if row else None


def _workspace(row: Row[tuple[object, ...]]) -> Workspace:
    return Workspace(row.id, row.slug, row.name, suspended=row.suspended_at is not None)
