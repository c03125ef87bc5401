"""Asking the assistant, watching it answer, stopping it, asking again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chatapp import bus, jobs, llm, metrics
from chatapp.actions import access
from chatapp.errors import (
    AssistantUnavailable,
    ChatError,
    Conflict,
    NotAllowed,
    NotFound,
    RoomNotFound,
    TooFast,
)
from chatapp.llm import embedding, leavings, prices
from chatapp.store import (
    assistants,
    attendants,
    budgets,
    codec,
    drafts,
    limits,
    memberships,
    open_questions,
    pieces,
    replies,
    room_log,
    run_figures,
    runs,
    sent_before,
)
from chatapp.types import Caller, Room, Run, assistant_id


@dataclass(frozen=True, slots=True)
class Placed:
    """A run, and how many are before it in its room."""

    run: Run
    place: int


def ask(caller: Caller, *, room_id: str, client_id: str, body: str) -> tuple[str, bool]:
    """Say it, as messages.send does, and have it answered.

    Raises what that raises, NotAllowed where the assistant is not, TooFast while too much waits
    that they asked, BudgetExceeded and AssistantUnavailable: then nothing was said.
    """
    room = access.room(caller, room_id)
    draft = drafts.message(caller, client_id=client_id, body=body)
    draft.data["asks"] = True
    try:
        if not room_log.is_member(room, assistant_id(caller.tenant_id)):
            raise NotAllowed("The assistant is not in this room. Add it first.")
        _admit(caller, room)
        _open(caller.tenant_id, caller.user_id, draft.id)
    except ChatError:
        if earlier := sent_before.find(room, draft):  # a repeat is no new question
            return codec.dump(earlier), True
        raise
    raw, fresh = open_questions.keep(room, draft, limited=True)
    if fresh:
        metrics.tally(metrics.messages_sent)
        bus.reply_waiting(runs.first(codec.load(room.tenant_id, raw)))
        jobs.reply(room)
    return raw, not fresh


def watch(caller: Caller, *, room_id: str) -> list[Placed]:
    """What is answered in a room and what waits for it, in order: the first hundred. Raises
    RoomNotFound.
    """
    room = access.room(caller, room_id)
    return [Placed(run, place) for place, run in enumerate(runs.open_in(room))]


def resume(caller: Caller, *, run_id: str, offset: int) -> tuple[Placed, str]:
    """The run, and everything written of its answer from `offset` until now; nothing once that was
    removed, or could not be said. Raises NotFound.
    """
    run = _found(caller, run_id)
    is_open = run.state in ("waiting", "running")
    written = pieces.since(run, offset) if is_open or replies.stands(run) else ""
    return _placed(run), written


def cancel(caller: Caller, *, run_id: str) -> None:
    """Stop it: within a second when it is being written, at once when it waits. What is written
    stays. Nothing happens to a run that has ended. Raises NotFound, NotAllowed.
    """
    run = _found(caller, run_id)
    if run.asker_id != caller.user_id and not _governs(caller, run):
        raise NotAllowed("Only who asked or an administrator can stop an answer.")
    if not pieces.cancel(run) and run.state == "waiting":
        _end(run, "", replies.unanswered(run, "stopped"))


def retry(caller: Caller, *, run_id: str) -> Placed:
    """Answer the same question again; the new answer takes the old one's place. Two who want it at
    the same moment get one. Raises NotFound, NotAllowed, Conflict while it is not over,
    TooFast, BudgetExceeded, AssistantUnavailable.
    """
    run = _found(caller, run_id)
    if run.asker_id != caller.user_id and not _governs(caller, run):
        raise NotAllowed("Only who asked or an administrator can ask again.")
    if run.state in ("waiting", "running"):
        raise Conflict("This answer is still being written.")
    newest = runs.newest(run)
    if newest.state not in ("waiting", "running"):
        limits.take("retry", caller)
        _admit(caller, run.room)
        _open(run.tenant_id, run.asker_id, run.question_id, newest.attempt + 1)
        newest, fresh = runs.again(newest)
        if fresh:
            bus.reply_waiting(newest)
        jobs.reply(run.room)
    return _placed(newest)


def attend() -> None:
    """A worker says that it answers questions, and whom it reaches. Raises Busy."""
    attendants.say(llm.reachable(), embedding.embedder())


def sweep() -> None:
    """See to the questions nobody answers: call for somebody, and, where nobody comes for long,
    end them. Raises Busy.
    """
    if not attendants.sweep_is_due():
        return
    open_rooms = runs.open_rooms()
    deserted = [
        room for room, held in zip(open_rooms, pieces.leased(open_rooms), strict=True) if not held
    ]
    for room in deserted:
        jobs.reply(room)
    for room in attendants.left_alone(deserted):
        for run in runs.open_in(room):
            _give_up(run)


def count() -> None:
    """Show on this worker's page of metrics what the runs came to. Raises Busy."""
    shown = {"runs": metrics.runs, "seconds": metrics.run_seconds}
    first = {"count": metrics.first_pieces, "seconds": metrics.first_piece_seconds}
    for (what, which), value in run_figures.read().items():
        if what in shown:
            shown[what].labels(which).set(value)
        elif which in first:
            first[which].set(value)


def _give_up(run: Run) -> None:
    """It ends with what was written, if anybody began, which somebody has to pay for."""
    words = "Nobody came to answer this. Try again in a moment."
    error = {"code": "assistant_unavailable", "message": words, "retryable": True}
    left = replies.left(run)
    told = replies.unanswered(run, "failed", **error)
    told |= replies.paid(left.provider, left.model, *leavings.used(left))
    _end(run, left.written, told)


def _end(run: Run, body: str, told: dict[str, Any]) -> None:
    if ended := replies.finish(run, body, told):
        bus.reply_ended(ended.run, outcome=ended.outcome, length=ended.length)


def _admit(caller: Caller, room: Room) -> None:
    """Whether a run may begin."""
    if attendants.reachable() is None:
        raise AssistantUnavailable(retry_after=5)
    wanted = assistants.find(caller.tenant_id)
    least = 0 if prices.is_free(wanted.provider, given=wanted.price) else 1
    budgets.admit(caller.tenant_id, person_id=caller.user_id, room_id=room.id, least=least)


def _open(tenant_id: str, asker_id: str, question_id: str, attempt: int = 1) -> None:
    """Take one of the places that `asker_id` has for questions. The last thing before it is asked."""
    if not open_questions.take(tenant_id, asker_id, question_id, attempt):
        words = "Too many questions wait for their answers. Let one of them end first."
        raise TooFast(words, retry_after=5)


def _found(caller: Caller, run_id: str) -> Run:
    """A run of a room the caller is in. Raises NotFound."""
    unknown = NotFound("There is no such answer.")
    run = runs.find(caller.tenant_id, run_id)
    if run is None:
        raise unknown
    try:
        access.room(caller, run.room_id)
    except RoomNotFound:
        raise unknown from None  # another answer would tell a stranger that it exists
    return run


def _placed(run: Run) -> Placed:
    return Placed(run, runs.place(run) if run.state == "waiting" else 0)


def _governs(caller: Caller, run: Run) -> bool:
    role = memberships.role(caller.tenant_id, run.room_id, caller.user_id)
    return caller.is_admin or role == "admin"
