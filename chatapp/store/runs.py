"""The assistant's runs as the record has them: each question's attempts and where they stand.

A question's first run is written down by the event that asks (effects.py), a retry's by whoever
wants it; a run ends with the event that answers. What is too young for the record is taken from the
room's log.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from uuid_utils import uuid7

from chatapp.store import backlog, effects, room_log
from chatapp.store.database import insert_missing, reading, writing
from chatapp.store.tables import rooms, runs
from chatapp.types import Event, Room, Run

_OPEN = ("waiting", "running")
_SHOWN = 100  # open runs of a room that anybody is told of
_TAIL = 2_000  # events the record may lag before a young question waits for the persister


def first(event: Event) -> Run:
    """The run that waits for the answer to this question."""
    return Run(
        event.id,
        event.tenant_id,
        event.room_id,
        event.id,
        event.seq,
        event.actor_id,
        attempt=1,
        state="waiting",
    )


def find(tenant_id: str, run_id: str) -> Run | None:
    found = _find(tenant_id, run_id)
    if found is None:
        event = backlog.young(tenant_id, run_id)
        if event is not None and event.data.get("asks"):
            _note([event])
        found = _find(tenant_id, run_id)  # or it was written down just after we looked there
    return found


def open_in(room: Room) -> list[Run]:
    """What waits for its answer in this room, in order; the running one first, and of very many
    the first hundred. Raises Busy.
    """
    catch_up(room)
    return _all(_open().where(*_of_room(room)).limit(_SHOWN))


def place(run: Run) -> int:
    """How many are before it in its room, which waits. Raises Busy."""
    catch_up(run.room)
    row = runs.c
    before = or_(row.state == "running", row.question_seq < run.question_seq)
    query = select(func.count()).where(*_of_room(run.room), row.state.in_(_OPEN), before)
    with reading() as connection:
        return int(connection.execute(query.where(row.id != run.id)).scalar_one())


def open_of(tenant_id: str, asker_id: str) -> list[tuple[str, int]]:
    """(question id, attempt) of what the record knows to wait for its answer, of one person."""
    row = runs.c
    query = select(row.question_id, row.attempt).where(
        row.workspace_id == tenant_id, row.asker_id == asker_id, row.state.in_(_OPEN)
    )
    with reading() as connection:
        return [(question_id, attempt) for question_id, attempt in connection.execute(query)]


def open_rooms() -> list[Room]:
    """Every room, of every tenant, in which something waits for its answer."""
    query = select(runs.c.workspace_id, runs.c.room_id).where(runs.c.state.in_(_OPEN)).distinct()
    with reading() as connection:
        return [Room(*row) for row in connection.execute(query)]


def catch_up(room: Room) -> None:
    """Write down the questions that the record does not have yet."""
    query = select(rooms.c.applied_seq).where(
        rooms.c.id == room.id, rooms.c.workspace_id == room.tenant_id
    )
    with reading() as connection:
        applied = connection.execute(query).scalar()
    if applied is not None:
        young = room_log.since(room, applied, at_most=_TAIL)
        _note([event for event in young if event.data.get("asks")])


def start(run: Run, *, provider: str, model: str) -> None:
    """It is being answered; once more, if it was before."""
    row = runs.c
    with writing() as connection:
        connection.execute(
            update(runs)
            .where(*_this(run), row.state.in_(_OPEN))
            .values(
                state="running",
                starts=row.starts + 1,
                started_at=datetime.now(UTC),
                provider=provider,
                model=model,
            )
        )


def asked_of(run: Run) -> tuple[str, str]:
    """The provider and the model it was begun with."""
    query = select(runs.c.provider, runs.c.model).where(*_this(run))
    with reading() as connection:
        row = connection.execute(query).one()
    return row.provider or "", row.model or ""


def end(event: Event) -> None:
    """As this answer says, before the persister comes by."""
    with writing() as connection:
        effects.answered(connection, event)


def abandon(run: Run, told: dict[str, Any]) -> None:
    """It ends without an answer, because nothing can be said in its room."""
    with writing() as connection:
        effects.end_run(connection, run.tenant_id, told, datetime.now(UTC).isoformat())


def again(run: Run) -> tuple[Run, bool]:
    """The next attempt at the same question, and whether it is a new one: two who want it at the
    same moment get one.
    """
    row = {
        "id": str(uuid7()),
        "workspace_id": run.tenant_id,
        "room_id": run.room_id,
        "question_id": run.question_id,
        "question_seq": run.question_seq,
        "asker_id": run.asker_id,
        "attempt": run.attempt + 1,
        "state": "waiting",
        "created_at": datetime.now(UTC),
    }
    try:
        with writing() as connection:
            connection.execute(insert(runs).values(row))
        made = True
    except IntegrityError:
        made = False
    question = _of_question(run).where(runs.c.attempt == run.attempt + 1)
    return _all(question)[0], made


def newest(run: Run) -> Run:
    """The last attempt at the same question."""
    return _all(_of_question(run).order_by(runs.c.attempt.desc()).limit(1))[0]


def before(tenant_id: str, question_id: str, attempt: int) -> list[str]:
    """The ids of the earlier attempts at the same question."""
    row = runs.c
    query = select(row.id).where(
        row.question_id == question_id, row.workspace_id == tenant_id, row.attempt < attempt
    )
    with reading() as connection:
        return list(connection.execute(query).scalars())


def answer_name(run_id: str) -> str:
    """The client_id of the event that ends it: there can be one."""
    return f"reply-to-{run_id}"


def _note(events: list[Event]) -> None:
    if events:
        with writing() as connection:
            insert_missing(connection, runs, [effects.first_run(event) for event in events])


def _find(tenant_id: str, run_id: str) -> Run | None:
    found = _all(select(runs).where(runs.c.id == run_id, runs.c.workspace_id == tenant_id))
    return found[0] if found else None


def _this(run: Run) -> tuple[ColumnElement[bool], ...]:
    return runs.c.id == run.id, runs.c.workspace_id == run.tenant_id


def _of_room(room: Room) -> tuple[ColumnElement[bool], ...]:
    return runs.c.room_id == room.id, runs.c.workspace_id == room.tenant_id


def _open() -> Select[Any]:
    row = runs.c
    order = (row.state != "running", row.question_seq, row.attempt)
    return select(runs).where(row.state.in_(_OPEN)).order_by(*order)


def _of_question(run: Run) -> Select[Any]:
    return select(runs).where(
        runs.c.question_id == run.question_id, runs.c.workspace_id == run.tenant_id
    )


def _all(query: Select[Any]) -> list[Run]:
    with reading() as connection:
        return [_run(row) for row in connection.execute(query)]


def _run(row: Row[Any]) -> Run:
    return Run(
        row.id,
        row.workspace_id,
        row.room_id,
        row.question_id,
        row.question_seq,
        row.asker_id,
        row.attempt,
        row.state,
        row.starts,
    )
