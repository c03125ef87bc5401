"""Giving passages of documents the vectors by which they are found, if that is configured."""

from __future__ import annotations

from time import monotonic

from chatapp import jobs, logs
from chatapp.llm import Failure, embedding
from chatapp.llm.failures import Refused
from chatapp.store import vectors

log = logs.get(__name__)

_AT_ONCE = 32  # passages in a request
_AT_MOST = 40.0  # seconds; then others have their turn


def fill() -> None:
    """Of all that have none of the model that is configured now: new ones, and all of them when the
    model was set or changed. Raises Busy; a server that fails is asked again by the clock.
    """
    model, began, done = embedding.model(), monotonic(), 0
    if not model or not vectors.is_usable():
        return
    try:
        while some := vectors.missing(model, _AT_ONCE):
            vectors.keep(model, _found(some))
            done += len(some)
            if monotonic() - began > _AT_MOST:
                jobs.embed_documents()
                break
    except Failure as failure:
        embedding.failed(failure)
    finally:
        if done:
            log.info("passages embedded", model=model, passages=done)


def _found(some: list[tuple[str, str]]) -> list[tuple[str, list[float]]]:
    """All at once, or each by itself when the server refuses that: one may be too long for it."""
    ids, texts = zip(*some, strict=True)
    try:
        return list(zip(ids, embedding.vectors(texts), strict=True))
    except Refused as refused:
        found = [(passage_id, _alone(said)) for passage_id, said in some]
        if not any(vector for _, vector in found):
            raise refused from None  # it is not about the passages
        return found


def _alone(said: str) -> list[float]:
    try:
        return embedding.vectors([said])[0]
    except Refused:
        return []
