"""Giving passages of documents the vectors by which they are found, for the workspaces that want it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import shuffle
from time import monotonic

from uuid_utils import uuid7

from chatapp import jobs, logs
from chatapp.errors import BudgetExceeded
from chatapp.llm import Failure, embedding, farewell, prices
from chatapp.llm.failures import Broken, Garbage, Refused
from chatapp.store import assistants, budgets, embedders, vectors
from chatapp.store.vectors import Made
from chatapp.types import Outlay

log = logs.get(__name__)

_AT_ONCE = 32  # passages in a request
_AT_MOST = 40.0  # seconds; then others have their turn
_ANY = "A sentence that every model takes."
_OF_THE_PASSAGES = (Refused, Broken, Garbage)  # what may be wrong with them, not with the server


class _Over(Exception):
    """No request is to be made any more: this process stops, or somebody else has the turn."""


def fill() -> None:
    """Of all that have none of the model that is configured now: new ones, those of a workspace that
    has just come to want it, and all of them when the model was set or changed. Nothing while
    somebody is at it.

    Raises Busy; a server that fails is asked again by the clock.
    """
    model, is_late = embedding.model(), False
    if not model or not vectors.is_usable():
        return
    with embedders.turn() as token:
        if token:
            is_late = _fill(token, model)
    if is_late:  # after the turn was given back: whoever is called needs it
        jobs.embed_documents()


def _fill(token: str, model: str) -> bool:
    """Whether there may be more, and it is time to let others have their turn."""
    began, done = monotonic(), 0
    try:
        for made in _made_in_turn(token, model):
            vectors.keep(model, made)
            done += len(made)
            if monotonic() - began > _AT_MOST:
                return True
    except Failure as failure:
        embedding.failed(failure)
    except _Over:
        pass  # the clock comes again
    finally:
        if done:
            log.info("passages embedded", model=model, passages=done)
    return False


def _made_in_turn(token: str, model: str) -> Iterator[list[Made]]:
    """For each workspace that lacks vectors, again and again until it lacks none or has spent what it
    may; not always for the same one first. Raises Failure, _Over.
    """
    spent: set[str] = set()
    while waiting := [each for each in vectors.lacking(model) if each not in spent]:
        shuffle(waiting)
        for tenant_id in waiting:
            try:
                yield from _made(token, tenant_id, vectors.missing(tenant_id, model, _AT_ONCE))
            except BudgetExceeded:
                spent.add(tenant_id)


def _made(token: str, tenant_id: str, some: list[tuple[str, str]]) -> Iterator[list[Made]]:
    """Of all at once. Where the server fails at them, of each half; what it fails at by itself, while
    it takes another text, gets none, so that it holds up no others. Raises as _vectors.
    """
    half = len(some) // 2
    try:
        found = _vectors(token, tenant_id, [text for _, text in some]) if some else []
        yield [Made(id_, vector) for (id_, _), vector in zip(some, found, strict=True)]
    except _OF_THE_PASSAGES:
        if not half:
            yield [_alone(token, tenant_id, *some[0])]
        else:
            yield from _made(token, tenant_id, some[:half])
            yield from _made(token, tenant_id, some[half:])


def _alone(token: str, tenant_id: str, passage_id: str, text: str) -> Made:
    _vectors(token, tenant_id, [_ANY])
    try:
        return Made(passage_id, _vectors(token, tenant_id, [text])[0])
    except _OF_THE_PASSAGES as failure:
        log.warning("a passage cannot be embedded", passage_id=passage_id, detail=failure.detail)
        return Made(passage_id, [], failure.detail)


def _vectors(token: str, tenant_id: str, texts: list[str]) -> list[list[float]]:
    """One for each, paid for by the workspace. Raises _Over, Failure, BudgetExceeded."""
    if farewell.is_begun() or not embedders.is_on(token):
        raise _Over
    now, price = datetime.now(UTC), assistants.find(tenant_id).embedding_price
    outlay = Outlay(str(uuid7()), tenant_id, "documents", prices.EMBEDDER, embedding.model(), now)
    most, cost = embedding.most_tokens(texts), embedding.cost(given=price)
    with budgets.laying_out(outlay, most=most, cost=cost) as spending:
        asked = embedding.ask(texts)
        spending.tokens = asked.tokens
    if asked.failure:
        raise asked.failure
    return asked.vectors
