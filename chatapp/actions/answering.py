"""How a question is answered: what is read for it, what is reserved, written, settled and said.

A worker's story. Whatever dies in the middle of it, the sweep finds: what nobody had begun to write is
begun once more, the rest ends as it is.
"""

from __future__ import annotations

from contextlib import closing
from time import monotonic
from typing import Any

from chatapp import bus, llm, logs, text
from chatapp.errors import BudgetExceeded, Busy, ChatError
from chatapp.llm import Piece, Prompt, Usage, context, prices
from chatapp.money import dollars
from chatapp.store import (
    assistants,
    budgets,
    chronicle,
    pieces,
    replies,
    room_log,
    rooms,
    runs,
    timeline,
    users,
)
from chatapp.store.pieces import Lost, Standing
from chatapp.types import Assistant, Message, Room, Run, assistant_id

log = logs.get(__name__)

_STARTS = 2  # how often a run may be begun
_TICK = 1 / 15  # seconds between two pieces, at least
_RENEW = 0.4  # seconds until the lease is renewed, and a cancel heard, when there is nothing to add
_LOOKED_BACK = 200  # messages
_LONGEST = 30_000  # characters of an answer


def answer(*, tenant_id: str, room_id: str) -> None:
    """Answer what waits in this room, one after the other; nothing when somebody is at it.

    Asked again after the lease is given back: who came in between found it taken. Raises Busy.
    """
    room = Room(tenant_id, room_id)
    while runs.open_in(room):
        with pieces.lease(room) as token:
            if token is None:
                return
            while waiting := runs.open_in(room):
                try:
                    _answer(waiting[0], token)
                except Lost:  # it has ended, and the record will hear of it
                    return


def _answer(run: Run, token: str) -> None:
    standing = pieces.begin(run, token)
    try:
        if error := _unanswerable(run, standing):
            _end(run, token, pieces.since(run, 0), error)
            return
        question = timeline.find(run.tenant_id, run.question_id)
        if question is None or question.removed_at or standing.cancelled:
            _end(run, token, "", replies.unanswered(run, "stopped"))
            return
        bus.reply_started(run)
        _name(run.room, question)
        _ask(run, token, question)
    except (Lost, Busy):
        raise
    except BudgetExceeded as error:
        told = {"code": error.code, "message": error.message, "retryable": True}
        _end(run, token, "", replies.unanswered(run, "failed", **told, details=error.details))
    except ChatError as error:
        told = {"code": error.code, "message": error.message, "retryable": error.retryable}
        _end(run, token, "", replies.unanswered(run, "failed", **told))
    except Exception:
        log.exception("run failed", run_id=run.id)
        told = {"code": "internal", "message": ChatError.message, "retryable": True}
        _end(run, token, pieces.since(run, 0), replies.unanswered(run, "failed", **told))


def _unanswerable(run: Run, standing: Standing) -> dict[str, Any] | None:
    """Whoever began it is gone, and it cannot be begun again."""
    if not standing.length and run.starts < _STARTS:
        return None
    words = "The answer was interrupted. Try again."
    error = {"code": "interrupted", "message": words, "retryable": True}
    return replies.unanswered(run, "failed", **error)


def _name(room: Room, question: Message) -> None:
    """A new conversation with the assistant is called what it begins with."""
    record = rooms.find(room.tenant_id, room.id)
    if record is None or record.kind != "assistant" or record.name is not None:
        return
    name, topic = rooms.rename(
        room.tenant_id, room.id, name=text.title(question.body), topic=record.topic, unique=False
    )
    chronicle.note(room, "room:changed", assistant_id(room.tenant_id), name=name, topic=topic)


def _ask(run: Run, token: str, question: Message) -> None:
    """From the settings to the settled price."""
    wanted = assistants.find(run.tenant_id)
    prompt = _prompt(run, question, wanted)
    worst = _cost(wanted, context.most_tokens(prompt), prompt.most_tokens)
    budgets.reserve(
        run.tenant_id,
        run_id=run.id,
        person_id=run.asker_id,
        room_id=run.room_id,
        amount=worst,
    )
    runs.start(run, provider=wanted.provider, model=wanted.model)
    writing = _Writing(run, token)
    began = monotonic()
    outcome, error = _write(writing, prompt)
    used = writing.used(prompt)
    cost = _cost(wanted, *used)
    told = replies.unanswered(run, outcome, **error) | {
        "provider": wanted.provider,
        "model": wanted.model,
        "input_tokens": used.input_tokens,
        "output_tokens": used.output_tokens,
        "cost": None if cost is None else dollars(cost),
        "seconds": round(monotonic() - began, 2),
    }
    _end(run, token, text.clean(writing.text), told, spent=cost)


def _prompt(run: Run, question: Message, wanted: Assistant) -> Prompt:
    said = _conversation(run, question)
    return context.compose(
        said,
        [],
        provider=wanted.provider,
        model=wanted.model,
        instructions=wanted.system_prompt,
    )


def _conversation(run: Run, question: Message) -> context.Conversation:
    """What was said before the question, and the answers to that; then the question itself."""
    room = run.room
    page = timeline.newest(room, room_log.stand(room), count=_LOOKED_BACK)
    ours = assistant_id(run.tenant_id)
    before = {message.id for message in page.messages if message.seq < question.seq}
    said = [
        message
        for message in page.messages
        if message.body and (message.id in before or _answers(message, before))
    ]
    authors = users.named(run.tenant_id, list({message.author_id for message in [*said, question]}))
    names = {user.id: user.name for user in authors}
    return context.Conversation([*said, question], names, ours)


def _answers(message: Message, before: set[str]) -> bool:
    return message.run is not None and message.run["question_id"] in before


def _write(writing: _Writing, prompt: Prompt) -> tuple[str, dict[str, Any]]:
    """The outcome, and what went wrong."""
    try:
        with closing(llm.complete(prompt, tick=_TICK)) as answer:
            for item in answer:
                writing.take(item)
                if writing.stopped:
                    return "stopped", {}
                if writing.length > _LONGEST:
                    break
        writing.say()
    except llm.Failure as failure:
        log.warning("provider failed", code=failure.code, detail=failure.detail)
        writing.say()
        error: dict[str, Any] = {
            "code": failure.code,
            "message": failure.message,
            "retryable": failure.retryable,
        }
        if failure.retry_after is not None:
            error["retry_after"] = failure.retry_after
        return "failed", error
    return "done", {}


def _cost(wanted: Assistant, input_tokens: int, output_tokens: int) -> int | None:
    return prices.cost(
        wanted.provider, wanted.model, input_tokens, output_tokens, given=wanted.price
    )


def _end(run: Run, token: str, body: str, told: dict[str, Any], *, spent: int | None = 0) -> None:
    """Say it, then settle: what it cost is in the event, so that dying in between costs nobody."""
    event = replies.finish(run, body, told)
    if event is not None:
        told = event.data["run"]
    pieces.finish(run, token)
    budgets.settle(run.tenant_id, run.id, spent)
    bus.reply_ended(run, outcome=told["outcome"], length=len(body))
    if told["error"]:
        log.info("run failed", run_id=run.id, code=told["error"]["code"])


class _Writing:
    """An answer on its way to the screens: at most fifteen pieces a second, each kept first."""

    def __init__(self, run: Run, token: str) -> None:
        self.text = ""
        self.stopped = False
        self._run, self._token = run, token
        self._unsaid = ""
        self._usage: Usage | None = None
        self._said_at = self._heard_at = monotonic() - 1.0

    @property
    def length(self) -> int:
        return len(self.text) + len(self._unsaid)

    def take(self, item: Piece | Usage | None) -> None:
        """What the model said, or nothing; either way this is the time to see to the lease."""
        if isinstance(item, Piece):
            self._unsaid += text.keepable(item.text)
        elif isinstance(item, Usage):
            self._usage = item
        waited = monotonic() - self._said_at
        if waited > _RENEW or (self._unsaid and waited > _TICK):
            self.say()

    def say(self) -> None:
        """Keep what is there, then tell it. While Redis is away it waits, as long as the lease lasts."""
        try:
            standing = pieces.grow(self._run, self._token, len(self.text), self._unsaid)
        except Busy:
            if monotonic() - self._heard_at > pieces.LEASE:
                raise
            return
        if self._unsaid:
            bus.reply_grew(self._run, offset=len(self.text), text=self._unsaid)
        self.text, self._unsaid = self.text + self._unsaid, ""
        self.stopped = standing.cancelled
        self._said_at = self._heard_at = monotonic()

    def used(self, prompt: Prompt) -> Usage:
        """As the provider says, and where it did not come to that, about; nothing for nothing."""
        if self._usage is None and not self.text:
            return Usage(0, 0)
        asked, written = self._usage or (context.about_tokens(prompt), 0)
        if prompt.provider == llm.LIBRARIAN:
            return Usage(0, 0)
        return Usage(asked, max(written, context.tokens(self.text) if not self._usage else 0))
