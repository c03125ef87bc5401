"""How a run ends: with one event of the assistant, whoever writes it and however often."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from uuid_utils import uuid7

from chatapp.errors import Busy, Conflict, RoomNotFound
from chatapp.money import dollars
from chatapp.store import room_log, runs
from chatapp.types import Draft, Event, Run, Source, assistant_id


def finish(run: Run, body: str, told: dict[str, Any]) -> Event | None:
    """Answer the question with `body`, and tell in `told` how that came about.

    What answered it before is taken away first: there are never two. Who comes second gets the
    first event. None when nothing can be said in the room any more; the run has ended all the same.
    Raises Busy: then nobody knows, and whoever does it again finds out.
    """
    _take_back_former(run)
    data = {"body": body, "mentions": [], "run": told}
    draft = _draft(run, "message:created", data, runs.answer_name(run))
    try:
        event, _ = room_log.append(run.room, draft)
    except (RoomNotFound, Conflict):  # the assistant was sent away, or the room is archived
        runs.abandon(run, told)
        return None
    with suppress(Busy):  # the persister does it too
        runs.end(event)
    return event


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


def paid(
    provider: str, model: str, input_tokens: int, output_tokens: int, cost: int | None
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


def _take_back_former(run: Run) -> None:
    if run.attempt == 1:
        return
    for former in runs.former(run):
        if shown := runs.shown_answer(former):
            message_id, seq, revision = shown
            data = {"message_id": message_id, "message_seq": seq, "revision": revision + 1}
            with suppress(Conflict, RoomNotFound):  # taken away by somebody else
                room_log.append(
                    run.room,
                    _draft(run, "message:removed", data, None),
                    revises=(message_id, revision, revision),
                )


def _draft(run: Run, kind: str, data: dict[str, Any], client_id: str | None) -> Draft:
    return Draft(kind, str(uuid7()), assistant_id(run.tenant_id), data, client_id)
