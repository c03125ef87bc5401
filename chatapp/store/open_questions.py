"""How many questions a person has open: each takes its place in Redis before it is said.

A place that was not given back, because somebody died or Redis was away just then, is found when
there seems to be none left: the record knows which questions are open.
"""

from __future__ import annotations

from contextlib import suppress

from flask import current_app

from chatapp.errors import Busy, ChatError
from chatapp.store import keys, room_log, runs
from chatapp.store.connection import asking, redis, run_lua
from chatapp.types import Draft, Room, Run

_WRITTEN = 60_000  # ms after which the record has what was said, as a rule


def take(tenant_id: str, asker_id: str, question_id: str, attempt: int = 1) -> bool:
    """Whether there is a place for this attempt at a question. While the database is away those that
    were not given back count. Raises Busy.
    """
    wanted = _name(question_id, attempt)
    status, *old = _place(tenant_id, asker_id, wanted)
    if status == "full" and old:
        with suppress(Busy):
            known = {_name(*each) for each in runs.open_of(tenant_id, asker_id)}
            left = [name for name in old if name not in known]
            status, *_ = _place(tenant_id, asker_id, wanted, *left)
    return bool(status == "ok")


def keep(room: Room, draft: Draft, *, limited: bool) -> tuple[str, bool]:
    """As room_log.keep, of a question that has a place: it is given back if nothing is asked by it."""
    try:
        raw, fresh = room_log.keep(room, draft, limited=limited)
    except Busy:
        raise  # it may have been kept
    except ChatError:
        _give_back(room.tenant_id, draft.actor_id, draft.id, 1)
        raise
    if not fresh:  # the first one has its own
        _give_back(room.tenant_id, draft.actor_id, draft.id, 1)
    return raw, fresh


def end(run: Run) -> None:
    """It is open no more. Raises Busy."""
    _give_back(run.tenant_id, run.asker_id, run.question_id, run.attempt)


def _give_back(tenant_id: str, asker_id: str, question_id: str, attempt: int) -> None:
    with asking():
        redis.zrem(keys.open_questions(tenant_id, asker_id), _name(question_id, attempt))


def _place(tenant_id: str, asker_id: str, wanted: str, *left: str) -> list[str]:
    places = [wanted, current_app.config["ASSISTANT_OPEN"], _WRITTEN, *left]
    found: list[str] = run_lua("place", [keys.open_questions(tenant_id, asker_id)], places)
    return found


def _name(question_id: str, attempt: int) -> str:
    return f"{question_id} {attempt}"
