"""What the record knows of money: what is promised to a run, and what was used.

A promise is written before Redis is asked and stays until the run ends, by the event of its answer or
without one: that takes it back and writes down the use in one transaction. So whatever Redis forgets
is here, and rather too much than too little.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, literal, null, select, union_all, update

from chatapp.errors import Conflict
from chatapp.money import begin_of, end_of, micro, month_of
from chatapp.store.database import insert_missing, reading, writing
from chatapp.store.tables import runs, usage
from chatapp.types import Outlay

_OPEN = ("waiting", "running")


class Promise(NamedTuple):
    run_id: str
    month: str
    amount: int
    person_id: str
    room_id: str


class Books(NamedTuple):
    """A tenant's month, as of one moment."""

    spent: list[tuple[str, str, int]]  # person, room, what they used together
    promises: list[Promise]


def promise(tenant_id: str, run_id: str, amount: int, at: datetime) -> None:
    """Raises Conflict for a run that has ended, or never was."""
    change = (
        update(runs)
        .where(*_run(tenant_id, run_id), runs.c.state.in_(_OPEN))
        .values(reserved=amount, reserved_at=at)
    )
    with writing() as connection:
        if connection.execute(change).rowcount == 0:
            raise Conflict("This answer has come to its end already.")


def withdraw(tenant_id: str, run_id: str) -> None:
    with writing() as connection:
        connection.execute(update(runs).where(*_run(tenant_id, run_id)).values(reserved=0))


def book(connection: Connection, tenant_id: str, told: dict[str, Any], at: str) -> None:
    """A run has ended: what it used, at the price of its time, and nothing is promised any more.
    `told`: as its answer tells it, see docs/protocol.md.

    It counts in the month in which it was reserved. Twice is once.
    """
    this = _run(tenant_id, told["id"])
    query = select(runs.c.asker_id, runs.c.room_id, runs.c.reserved_at).where(*this)
    run = connection.execute(query).first()
    if run is None:
        return
    if told["input_tokens"] or told["output_tokens"]:
        row = {
            "run_id": told["id"],
            "workspace_id": tenant_id,
            "person_id": run.asker_id,
            "room_id": run.room_id,
            "provider": told["provider"],
            "model": told["model"],
            "input_tokens": told["input_tokens"],
            "output_tokens": told["output_tokens"],
            "cost": None if told["cost"] is None else micro(told["cost"]),
            "at": run.reserved_at or datetime.fromisoformat(at),
        }
        insert_missing(connection, usage, [row])
    connection.execute(update(runs).where(*this).values(reserved=0))


def note(outlay: Outlay, tokens: int, cost: int | None) -> None:
    """What it used, instead of what was noted of it before; nothing, if it used nothing."""
    row = {
        "run_id": outlay.id,
        "what": outlay.what,
        "workspace_id": outlay.tenant_id,
        "person_id": outlay.person_id,
        "room_id": outlay.room_id,
        "provider": outlay.provider,
        "model": outlay.model,
        "input_tokens": tokens,
        "output_tokens": 0,
        "cost": cost,
        "at": outlay.at,
    }
    with writing() as connection:
        connection.execute(delete(usage).where(usage.c.run_id == outlay.id))
        if tokens:
            connection.execute(insert(usage).values(row))


def books(tenant_id: str, month: str) -> Books:
    """One statement, so that no answer is missing from both lists."""
    begin, end = begin_of(month), end_of(month)
    spent = (
        select(
            null().label("run_id"),
            usage.c.person_id.label("person_id"),
            usage.c.room_id.label("room_id"),
            func.sum(usage.c.cost).label("amount"),
            literal(begin, usage.c.at.type).label("at"),
        )
        .where(usage.c.workspace_id == tenant_id, usage.c.at >= begin, usage.c.at < end)
        .group_by(usage.c.person_id, usage.c.room_id)
    )
    promised = select(
        runs.c.id, runs.c.asker_id, runs.c.room_id, runs.c.reserved, runs.c.reserved_at
    ).where(runs.c.workspace_id == tenant_id, runs.c.reserved > 0)
    with reading() as connection:
        rows = connection.execute(union_all(spent, promised)).all()
    return Books(
        [(row.person_id, row.room_id, int(row.amount or 0)) for row in rows if row.run_id is None],
        [
            Promise(row.run_id, month_of(row.at), int(row.amount), row.person_id, row.room_id)
            for row in rows
            if row.run_id is not None
        ],
    )


def settled(tenant_id: str, run_ids: list[str], young: set[str]) -> dict[str, int]:
    """Those of these runs that need nothing any more, with what they have used. Some may be requests
    for embeddings: those that are `young` may be under way.

    A run that ended without an answer is relieved of its promise here.
    """
    query = (
        select(runs.c.id, runs.c.state, runs.c.reserved, usage.c.cost)
        .select_from(runs.outerjoin(usage, usage.c.run_id == runs.c.id))
        .where(runs.c.workspace_id == tenant_id, runs.c.id.in_(run_ids))
    )
    with reading() as connection:
        found = {row.id: row for row in connection.execute(query)}
    over = _laid_out(tenant_id, [id_ for id_ in run_ids if id_ not in found], young)
    for run_id, row in found.items():
        if row.state in _OPEN and row.reserved:
            continue
        over[run_id] = int(row.cost or 0)
        if row.reserved:
            withdraw(tenant_id, run_id)
    return over


def _laid_out(tenant_id: str, ids: list[str], young: set[str]) -> dict[str, int]:
    """Those that are no runs and not under way any more, with what is noted of them."""
    row = usage.c
    query = select(row.run_id, row.cost).where(row.workspace_id == tenant_id, row.run_id.in_(ids))
    with reading() as connection:
        noted = {each.run_id: int(each.cost or 0) for each in connection.execute(query)}
    return {id_: noted.get(id_, 0) for id_ in ids if id_ not in noted or id_ not in young}


def _run(tenant_id: str, run_id: str) -> tuple[Any, Any]:
    return runs.c.workspace_id == tenant_id, runs.c.id == run_id
