"""How a question is answered: what is read for it, what is reserved, written, settled and said.

A worker's story. Whatever dies in the middle of it, the sweep finds: what nobody had begun to write is
begun once more, the rest ends as it is.
"""

from __future__ import annotations

from contextlib import closing, suppress
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from uuid_utils import uuid7

from chatapp import bus, llm, logs, text
from chatapp.errors import BudgetExceeded, Busy, ChatError, Conflict
from chatapp.llm import (
    Piece,
    Prompt,
    Usage,
    citations,
    context,
    embedding,
    farewell,
    leavings,
    prices,
)
from chatapp.llm.writing import TICK, Writing
from chatapp.store import (
    assistants,
    briefing,
    budgets,
    chronicle,
    pieces,
    replies,
    rooms,
    run_figures,
    runs,
    timeline,
    vectors,
)
from chatapp.store.pieces import Lost, Standing
from chatapp.types import Assistant, Meaning, Message, Outlay, Room, Run, assistant_id

log = logs.get(__name__)

_STARTS = 2  # how often a run may be begun
_LONGEST = 30_000  # characters of an answer
_LONGEST_SUMMARY = 10 * context.SUMMARY  # characters, for a model that does not keep to its tokens
_INTERRUPTED: dict[str, Any] = {
    "code": "interrupted",
    "message": "The answer was interrupted. Try again.",
    "retryable": True,
}


def leave(*, within: float) -> None:
    """This process stops: it begins no answer any more, and those it writes end within so many
    seconds, by themselves or as interrupted.
    """
    farewell.begin(within)


def is_leaving() -> bool:
    """Whether this process was told to stop."""
    return farewell.is_begun()


def answer(*, tenant_id: str, room_id: str) -> None:
    """Answer what waits in this room, one after the other; nothing when somebody is at it.

    Asked again after the lease is given back: who came in between found it taken. Raises Busy.
    """
    room = Room(tenant_id, room_id)
    while not farewell.is_begun() and runs.open_in(room):
        with pieces.lease(room) as token:
            if token is None:
                return
            while not farewell.is_begun() and (waiting := runs.open_in(room)):
                try:
                    _answer(waiting[0], token)
                except Lost:  # it has ended, and the record will hear of it
                    return


def _answer(run: Run, token: str) -> None:
    standing = pieces.begin(run, token)
    try:
        wanted = assistants.find(run.tenant_id)
        if standing.length or run.starts >= _STARTS:
            return _take_over(run, standing)
        question = timeline.find(run.tenant_id, run.question_id)
        if question is None or question.removed_at or standing.cancelled:
            return _end(run, "", replies.unanswered(run, "stopped"))
        runs.start(run, provider=wanted.provider, model=wanted.model)
        bus.reply_started(run)
        _name(run.room, question)
        _ask(run, token, question, wanted)
    except (Lost, Busy):
        raise
    except ChatError as error:
        _end(run, "", replies.unanswered(run, "failed", **replies.told(error)))
    except Exception:
        log.exception("run failed", run_id=run.id)
        _leave(run, "failed", **replies.told(ChatError()))
    return None


def _take_over(run: Run, standing: Standing) -> None:
    """Whoever began it is gone."""
    outcome, error = ("stopped", {}) if standing.cancelled else ("failed", _INTERRUPTED)
    _leave(run, outcome, **error)


def _leave(run: Run, outcome: str, **error: Any) -> None:
    """It ends with what was written, which somebody has to pay for, though nobody counted it."""
    left = replies.left(run)
    told = replies.unanswered(run, outcome, **error)
    told |= replies.paid(left.provider, left.model, *leavings.used(left))
    _end(run, left.written, told)


def _name(room: Room, question: Message) -> None:
    """A new conversation with the assistant is called what it begins with. Raises Conflict when
    nothing can be said in the room any more.
    """
    record = rooms.find(room.tenant_id, room.id)
    if record is None or record.archived:
        raise Conflict("This room is archived.")
    if record.kind != "assistant" or record.name is not None:
        return
    name, topic = rooms.rename(
        room.tenant_id, room.id, name=text.title(question.body), topic=record.topic, unique=False
    )
    chronicle.note(room, "room:changed", assistant_id(room.tenant_id), name=name, topic=topic)


def _ask(run: Run, token: str, question: Message, wanted: Assistant) -> None:
    """From the prompt to the settled price."""
    messages, names = briefing.said(run, question)
    said = context.Conversation(messages, names, assistant_id(run.tenant_id))
    room_ids = briefing.places(run)
    whose = {"person_id": run.asker_id, "room_id": run.room_id}
    # What cannot be answered is not embedded.
    budgets.admit(run.tenant_id, least=_cost(wanted, Usage(1, 1)), **whose)
    found = briefing.found(run, question, room_ids, _meaning(run, question, wanted))
    reading = context.Reading(said, found, wanted)
    most = _cost(wanted, context.worst(reading))
    budgets.reserve(run.tenant_id, run_id=run.id, amount=most, **whose)
    pieces.asked(run, token, context.about_tokens(context.compose(reading)))
    writing, began = _writing(run, token), monotonic()
    prompt = context.compose(reading, summary=_summary(writing, reading))
    outcome, error = _write(writing, prompt)
    used = writing.used(prompt)
    cost = _cost(wanted, used)
    body, sources = citations.resolve(
        text.clean(writing.text), prompt.passages, keep_quotes=wanted.provider == llm.LIBRARIAN
    )
    told = replies.unanswered(run, outcome, **error)
    told |= replies.paid(wanted.provider, wanted.model, *used, cost)
    told["seconds"] = round(monotonic() - began, 2)
    told["sources"] = [replies.source(source) for source in sources]
    _end(run, body, told)
    if writing.first is not None:
        with suppress(Busy):
            run_figures.add_first(writing.first)


def _meaning(run: Run, question: Message, wanted: Assistant) -> Meaning | None:
    """What the question means, if that is wanted, of use, and within the budgets; None also when
    the server fails. The answer then does without.
    """
    model = embedding.model()
    if (
        not wanted.find_by_meaning
        or embedding.rests()
        or not vectors.can_find(run.tenant_id, model)
    ):
        return None
    now, whose = datetime.now(UTC), (run.asker_id, run.room_id)
    cost = embedding.cost(given=wanted.embedding_price)
    outlay = Outlay(str(uuid7()), run.tenant_id, "question", prices.EMBEDDER, model, now, *whose)
    most = embedding.most_tokens([question.body])
    with suppress(BudgetExceeded), budgets.laying_out(outlay, most=most, cost=cost) as spending:
        asked = embedding.meaning(question.body)
        spending.tokens = asked.tokens
        return Meaning(model, *asked.vectors) if asked.vectors else None
    return None


def _writing(run: Run, token: str) -> Writing:
    return Writing(
        keep=lambda offset, piece: (
            pieces.grow(run, token, offset, piece).cancelled or farewell.is_over()
        ),
        tell=lambda offset, piece: bus.reply_grew(run, offset=offset, text=piece),
        patience=pieces.LEASE,
    )


def _summary(writing: Writing, reading: context.Reading) -> str:
    """Of what is too long to be read whole, if the workspace wants that; nothing when the provider
    fails at it, and no more than it says in time: the answer then does without.
    """
    request = context.summarise(reading)
    if request is None:
        return ""
    summary, until = "", monotonic() + llm.patience() / 3  # together with the answer's: below 90 s
    with suppress(llm.Failure), closing(llm.complete(request, tick=TICK)) as told:
        for item in told:
            writing.rest(item, request)
            if writing.stopped or len(summary) > _LONGEST_SUMMARY or monotonic() > until:
                break
            if isinstance(item, Piece):
                summary += text.keepable(item.text)
    return summary[:_LONGEST_SUMMARY]


def _write(writing: Writing, prompt: Prompt) -> tuple[str, dict[str, Any]]:
    """The outcome, and what went wrong. Raises Lost when we stop and have not begun to write."""
    if writing.stopped:  # while it read what was said before
        return _stopped(writing)
    try:
        with closing(llm.complete(prompt, tick=TICK)) as answer:
            for item in answer:
                writing.take(item)
                if writing.stopped:
                    return _stopped(writing)
                if writing.length > _LONGEST:
                    break
        writing.end()
    except llm.Failure as failure:
        log.warning("provider failed", code=failure.code, detail=failure.detail)
        writing.end()
        return "failed", replies.told(failure)
    return "done", {}


def _stopped(writing: Writing) -> tuple[str, dict[str, Any]]:
    """By somebody, or because we stop: then who comes next begins what has no word yet."""
    if not farewell.is_over():
        return "stopped", {}
    if not writing.text:
        raise Lost
    return "failed", _INTERRUPTED


def _cost(wanted: Assistant, used: Usage) -> int | None:
    return prices.cost(wanted.provider, wanted.model, *used, given=wanted.price)


def _end(run: Run, body: str, told: dict[str, Any]) -> None:
    if told["error"]:
        log.info("run failed", run_id=run.id, code=told["error"]["code"])
    if ended := replies.insist(run, body, told):
        bus.reply_ended(ended.run, outcome=ended.outcome, length=ended.length)
