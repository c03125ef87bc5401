"""What texts mean, as numbers: of any server that speaks OpenAI's language, if one is configured.

It only ever adds: who fails here goes on by words.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from math import isfinite
from time import monotonic
from typing import Any

from flask import Flask, current_app

from chatapp import logs
from chatapp.llm import openai
from chatapp.llm.failures import Failure, Garbage
from chatapp.llm.loop import pull
from chatapp.llm.prompt import Access
from chatapp.types import Embedder, Meaning

log = logs.get(__name__)

_QUESTION = 4.0  # seconds: somebody waits, and a lease is longer
_BATCH = 30.0  # seconds
_REST = 30.0  # seconds in which who failed is not asked what somebody waits for
_LONGEST = 8_000  # characters of a question
_DIMENSIONS = 16_000  # as many as pgvector takes


class _Embedding:
    def __init__(self, model: str, access: Access) -> None:
        self.model, self.access = model, access
        self.rests_until = 0.0
        self.warned = False


def init_app(app: Flask, keys: Any) -> None:
    """`keys`: config.ProviderKeys."""
    if not keys.EMBEDDING_MODEL:
        return
    access = Access(keys.OPENAI_API_KEY, keys.OPENAI_BASE_URL)
    if keys.EMBEDDING_BASE_URL:  # which is not shown the other one's key
        access = Access(keys.EMBEDDING_API_KEY, keys.EMBEDDING_BASE_URL)
    app.extensions["embedding"] = _Embedding(keys.EMBEDDING_MODEL, access)


def embedder() -> Embedder | None:
    """What is configured."""
    ours = _of_ours()
    return Embedder(ours.model, openai.server(ours.access)) if ours else None


def model() -> str:
    """Its name; nothing when none is configured."""
    ours = _of_ours()
    return ours.model if ours else ""


def meaning(question: str) -> Meaning | None:
    """None when nothing is configured, or it fails, or has failed just now."""
    ours = _of_ours()
    if ours is None or monotonic() < ours.rests_until:
        return None
    try:
        (vector,) = _ask(ours, [question[:_LONGEST]], _QUESTION)
    except Failure as failure:
        failed(failure)
        return None
    return Meaning(ours.model, vector)


def vectors(texts: Sequence[str]) -> list[list[float]]:
    """One for each. Raises Failure, which `failed` may be told."""
    ours = _of_ours()
    return _ask(ours, list(texts), _BATCH) if ours else []


def failed(failure: Failure) -> None:
    """Warn, once until it works again; until then who waits is not kept waiting for it."""
    ours = _of_ours()
    if ours is None:
        return
    ours.rests_until = monotonic() + _REST
    if not ours.warned:
        log.warning(
            "embeddings failed; searching by words alone until they work",
            code=failure.code,
            detail=failure.detail,
        )
    ours.warned = True


def _of_ours() -> _Embedding | None:
    found: _Embedding | None = current_app.extensions.get("embedding")
    return found


def _ask(ours: _Embedding, texts: list[str], patience: float) -> list[list[float]]:
    answers = pull(
        lambda: openai.vectors(ours.model, texts, ours.access), patience=patience, tick=patience
    )
    with closing(answers):
        found = next((answer for answer in answers if answer is not None), [])
    checked = _checked(found, len(texts))
    ours.rests_until, ours.warned = 0.0, False
    return checked


def _checked(found: list[Any], wanted: int) -> list[list[float]]:
    """Raises Garbage for what is not that many vectors of the same length."""
    lengths = {len(each) if isinstance(each, list) else 0 for each in found}
    if len(found) != wanted or len(lengths) != 1 or not 0 < min(lengths) <= _DIMENSIONS:
        raise Garbage("vectors")
    numbers = (number for each in found for number in each)
    if not all(isinstance(number, int | float) and isfinite(number) for number in numbers):
        raise Garbage("vectors")
    return found
