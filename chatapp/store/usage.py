"""What the assistant's answers, and embeddings, used in a month, added up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, select

from chatapp.money import begin_of, end_of
from chatapp.store.database import dialect, reading
from chatapp.store.tables import usage
from chatapp.types import Used

Line = tuple[tuple[str, ...], Used]

_SUMS = (
    func.count().filter(usage.c.what == "answer"),
    func.count().filter(usage.c.what != "answer"),
    func.sum(usage.c.input_tokens),
    func.sum(usage.c.output_tokens),
    func.coalesce(func.sum(usage.c.cost), 0),
    func.count() - func.count(usage.c.cost),
)


def by(tenant_id: str, month: str, *what: str) -> list[Line]:
    """The sums for each day ("2026-11-23"), provider, model, person_id or room_id, or for each
    combination of several; in the order of these.
    """
    return list(_lines(tenant_id, month, *what))


def _lines(tenant_id: str, month: str, *what: str) -> Iterator[Line]:
    columns = [_day() if name == "day" else usage.c[name] for name in what]
    query = (
        select(*columns, *_SUMS)
        .where(
            usage.c.workspace_id == tenant_id,
            usage.c.at >= begin_of(month),
            usage.c.at < end_of(month),
        )
        .group_by(*columns)
        .order_by(*columns)
    )
    with reading() as connection:
        for row in connection.execute(query):
            key, sums = row[: len(what)], row[len(what) :]
            yield tuple(map(str, key)), Used(*map(int, sums))


def _day() -> ColumnElement[Any]:
    """In UTC. SQLite keeps times as UTC without saying so."""
    at = usage.c.at if dialect() == "sqlite" else func.timezone("UTC", usage.c.at)
    return cast(func.date(at), String)
