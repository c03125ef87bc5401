"""How a run ends: with one event of the assistant, whoever writes it and however often."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any, NamedTuple

from uuid_utils import uuid7

from chatapp import text
from chatapp.errors import Busy, Conflict, RoomNotFound
from chatapp.money import dollars, micro
from chatapp.store import (
    assistants,
    budgets,
    open_questions,
    pieces,
    room_log,
    run_figures,
    runs,
    timeline,
)
from chatapp.types import Draft, Event, Left, Message, Room, Run, Source, assistant_id

_AGAIN = 0.4  # seconds until Redis is asked once more
_LATE = timedelta(hours=1)  # after the end nobody waits any more, and nobody knows who was told


class Ended(NamedTuple):
    """What is told of a run that has just ended."""

    run: Run
    outcome: str
    length: int | None  # of what was said, in code points; None: nothing could be said


def finish(run: Run, body: str, told: dict[str, Any]) -> Ended | None:
    """Answer the question with `body`, and tell in `told` how that came about: that is said, settled
    and counted.

    Where a former answer stays, it is said without `body`; see _stays. Where nothing can be said any
    more, the run has ended all the same. Who comes second changes nothing and is given None: the
    room has been told. Raises Busy: then nobody knows, and whoever does it again finds out. For a
    failure with text the database is needed; for what did not fail, in general, only Redis.
    """
    # One that did not fail takes every place, so nobody is asked: the database may be away.
    may_stay = _former(run.room, told) if body and told["outcome"] == "failed" else []
    if any(_stays(former, "failed", body) for former in may_stay):
        body = ""
    data = {"body": body, "mentions": [], "run": told}
    draft = _draft(run.room, "message:created", data, runs.answer_name(run.id))
    try:
        event, _ = room_log.append(run.room, draft)
    except (RoomNotFound, Conflict):  # the assistant was sent away, or the room is archived
        runs.abandon(run, told)
        return _close(run, None, told)
    with suppress(Busy):  # the persister does both too
        runs.end(event)
        _take_back(event)
    return _close(run, event.data["body"], event.data["run"])


def insist(run: Run, body: str, told: dict[str, Any]) -> Ended | None:
    """As finish, and again while it is Busy: all of it is written, and to whoever takes the run
    over it would be half an answer. Raises Busy after as long as the lease lasts.
    """
    until = monotonic() + pieces.LEASE
    while True:
        try:
            return finish(run, body, told)
        except Busy:
            if monotonic() > until:
                raise
            sleep(_AGAIN)


def conclude(event: Event) -> Ended | None:
    """What is left to do once this event, if it ends a run, is in the record: all that finish does
    after it was said, for who said it may have died just then. None when nobody has to be told.
    Raises Busy.
    """
    told = event.data.get("run") if event.type == "message:created" else None
    if not told:
        return None
    _take_back(event)
    age = datetime.now(UTC) - datetime.fromisoformat(event.at)
    run = runs.find(event.tenant_id, told["id"]) if age < _LATE else None
    return _close(run, event.data["body"], told) if run else None


def stands(run: Run) -> bool:
    """Whether its answer was said with text and nobody took that away. Raises Busy."""
    names = [runs.answer_name(run.id)]
    said = timeline.said_as(run.room, assistant_id(run.tenant_id), names)
    return any(answer.body and not answer.removed_at for answer in said)


def unanswered(run: Run, outcome: str, **error: object) -> dict[str, Any]:
    """What is told of a run for which no provider was paid. `error`: as told() has it."""
    return {
        "id": run.id,
        "question_id": run.question_id,
        "attempt": run.attempt,
        "outcome": outcome,
        "provider": None,
        "model": None,
        "input_tokens": 0,
        "output_tokens": 0,
        "cost": "0.00",
        "seconds": 0.0,
        "sources": [],
        "error": error or None,
    }


def left(run: Run) -> Left:
    """What was written of it, and who has to be paid for that. Raises Busy."""
    written, asked = text.clean(pieces.since(run, 0)), pieces.given(run)
    if not asked:
        return Left(written)
    return Left(written, asked, *runs.asked_of(run), assistants.find(run.tenant_id).price)


def paid(
    provider: str | None, model: str | None, input_tokens: int, output_tokens: int, cost: int | None
) -> dict[str, Any]:
    """What is told besides, of a run that a provider was asked for; `cost` in millionths."""
    return {
        "provider": provider,
        "model": model,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "cost": None if cost is None else dollars(cost),
    }


def told(error: Any) -> dict[str, Any]:
    """A ChatError, or a Failure of a provider, as the people in the room are told of it."""
    shown = {"code": error.code, "message": error.message, "retryable": error.retryable}
    if error.retry_after is not None:
        shown["retry_after"] = error.retry_after
    if details := getattr(error, "details", None):
        shown["details"] = details
    return shown


def source(found: Source) -> dict[str, Any]:
    passage = found.passage
    shown = {"n": found.n, "kind": passage.kind, "title": passage.title, "quote": found.quote}
    if passage.kind == "document":
        return shown | {"passage_id": passage.id, "document_id": passage.document_id}
    return shown | {"room_id": passage.room_id, "seq": passage.seq}


def _take_back(event: Event) -> None:
    """Remove the former answers that this one takes the place of. Twice is once.

    Only after it was said: in between there are two, of which a page shows the right one.
    """
    told = event.data["run"]
    for former in _former(event.room, told):
        if _stays(former, told["outcome"], event.data["body"]):
            continue
        data = {
            "message_id": former.id,
            "message_seq": former.seq,
            "revision": former.revision + 1,
        }
        with suppress(Conflict, RoomNotFound):  # taken away by somebody else
            room_log.append(
                event.room,
                _draft(event.room, "message:removed", data, None),
                by_member=False,  # it may have been sent away since
                revises=(former.id, former.revision, former.revision),
            )
        if former.run:
            pieces.forget(event.room, former.run["id"])


def _close(run: Run, body: str | None, told: dict[str, Any]) -> Ended | None:
    """From here on Redis may be away: what is not settled now is settled by the sweep, from the
    event, and a place that is not given back is found.
    """
    ended = Ended(run, told["outcome"], None if body is None else len(body))
    with suppress(Busy):
        budgets.settle(run.tenant_id, run.id, told["cost"] and micro(told["cost"]))
    with suppress(Busy):
        open_questions.end(run)
        is_first = pieces.finish(run)
        if not body:  # nobody was to read any of it
            pieces.forget(run.room, run.id)
        if not is_first:
            return None
        run_figures.add(ended.outcome, told["seconds"])
    return ended


def _stays(former: Message, outcome: str, body: str) -> bool:
    """The rule over the attempts at one question, as docs/protocol.md has it: of their answers one
    has text at most, and a failure takes nobody's place who did better.
    """
    did_better = former.run is not None and former.run["outcome"] != "failed"
    return bool(former.body) and (not body or (outcome == "failed" and did_better))


def _former(room: Room, told: dict[str, Any]) -> list[Message]:
    """What stands in the room of earlier attempts at the same question."""
    if told["attempt"] == 1:
        return []
    earlier = runs.before(room.tenant_id, told["question_id"], told["attempt"])
    names = [runs.answer_name(run_id) for run_id in earlier]
    said = timeline.said_as(room, assistant_id(room.tenant_id), names)
    return [answer for answer in said if not answer.removed_at]


def _draft(room: Room, kind: str, data: dict[str, Any], client_id: str | None) -> Draft:
    return Draft(kind, str(uuid7()), assistant_id(room.tenant_id), data, client_id)
