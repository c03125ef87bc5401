"""What may be spent in a month: the workspace's budget, and those of people and rooms."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import and_, delete, insert, or_, select

from chatapp.store.database import reading, writing
from chatapp.store.tables import budgets
from chatapp.types import Budget, Scope


class Limits(NamedTuple):
    """In millionths of a dollar; None: no limit."""

    workspace: int | None
    person: int | None
    room: int | None


def of(tenant_id: str, *, person_id: str, room_id: str) -> Limits:
    """A person's or a room's own goes before the one for everybody."""
    row = budgets.c
    concerned = [
        row.scope == "workspace",
        and_(row.scope == "person", row.scope_id.in_(["", person_id])),
        and_(row.scope == "room", row.scope_id.in_(["", room_id])),
    ]
    query = select(row.scope, row.scope_id, row.monthly).where(
        row.workspace_id == tenant_id, or_(*concerned)
    )
    with reading() as connection:
        found = {(scope, whose): monthly for scope, whose, monthly in connection.execute(query)}
    return Limits(
        found.get(("workspace", "")),
        found.get(("person", person_id), found.get(("person", ""))),
        found.get(("room", room_id), found.get(("room", ""))),
    )


def all(tenant_id: str) -> list[Budget]:
    query = (
        select(budgets.c.scope, budgets.c.scope_id, budgets.c.monthly)
        .where(budgets.c.workspace_id == tenant_id)
        .order_by(budgets.c.scope, budgets.c.scope_id)
    )
    with reading() as connection:
        return [Budget(*row) for row in connection.execute(query)]


def put(tenant_id: str, scope: Scope, scope_id: str, monthly: int | None) -> None:
    """None: no limit, or, for a person or a room, the one of everybody."""
    row = budgets.c
    this = (row.workspace_id == tenant_id, row.scope == scope, row.scope_id == scope_id)
    with writing() as connection:
        connection.execute(delete(budgets).where(*this))
        if monthly is not None:
            values = {"scope": scope, "scope_id": scope_id, "monthly": monthly}
            connection.execute(insert(budgets).values(workspace_id=tenant_id, **values))
