"""What the assistant's answers, and embeddings, used in a month, added up."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, func, select

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
    columns = _columns(*what)
    return _lines(_sums(tenant_id, month, *columns).order_by(*columns))


def dearest(tenant_id: str, month: str, what: str, at_most: int) -> list[Line]:
    """Of each, those that cost most."""
    (column,) = _columns(what)
    most = func.coalesce(func.sum(usage.c.cost), 0).desc(), func.sum(usage.c.output_tokens).desc()
    return _lines(_sums(tenant_id, month, column).order_by(*most, column).limit(at_most))


def page(tenant_id: str, month: str, what: str, *, after: str | None, limit: int) -> list[Line]:
    """Of each, in their order; `after` is the last seen. It stays while more is used."""
    (column,) = _columns(what)
    query = _sums(tenant_id, month, column).order_by(column).limit(limit)
    return _lines(query if after is None else query.where(column > after))


def count(tenant_id: str, month: str, what: str) -> int:
    """How many different ones used something."""
    (column,) = _columns(what)
    query = select(func.count(column.distinct())).where(*_of(tenant_id, month))
    with reading() as connection:
        return int(connection.execute(query).scalar_one())


def _columns(*what: str) -> list[ColumnElement[Any]]:
    return [_day() if name == "day" else usage.c[name] for name in what]


def _sums(tenant_id: str, month: str, *columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns, *_SUMS).where(*_of(tenant_id, month)).group_by(*columns)


def _of(tenant_id: str, month: str) -> tuple[ColumnElement[bool], ...]:
    at = usage.c.at
    return usage.c.workspace_id == tenant_id, at >= begin_of(month), at < end_of(month)


def _lines(query: Select[Any]) -> list[Line]:
    with reading() as connection:
        rows = connection.execute(query).all()
    names = len(query.selected_columns) - len(_SUMS)
    return [(tuple(map(str, row[:names])), Used(*map(int, row[names:]))) for row in rows]


def _day() -> ColumnElement[Any]:
    """In UTC. SQLite keeps times as UTC without saying so."""
    at = usage.c.at if dialect() == "sqlite" else func.timezone("UTC", usage.c.at)
    return cast(func.date(at), String)
