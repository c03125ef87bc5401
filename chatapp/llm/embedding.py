"""What texts mean, as numbers: of any server that speaks OpenAI's language, if one is configured.

It only ever adds: who fails here goes on by words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from math import isfinite
from time import monotonic
from typing import Any, NamedTuple

from flask import Flask, current_app

from chatapp import logs
from chatapp.llm import context, openai, prices
from chatapp.llm.failures import Cut, Failure, Garbage, TimedOut
from chatapp.llm.loop import pull
from chatapp.llm.prompt import Access
from chatapp.types import Embedder

log = logs.get(__name__)

_QUESTION = 4.0  # seconds: somebody waits, and a lease is longer
_BATCH = 30.0  # seconds
_REST = 30.0  # seconds in which who failed is not asked what somebody waits for
_LONGEST = 8_000  # characters of a question
_DIMENSIONS = 16_000  # as many as pgvector takes
_MANY = 10**8  # tokens: who counts more does not count


class Asked(NamedTuple):
    vectors: list[list[float]]  # one for each text; none, when it failed
    tokens: int  # that were used
    failure: Failure | None = None


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


def rests() -> bool:
    """Whether nobody who waits should ask: nothing is configured, or it has failed just now."""
    ours = _of_ours()
    return ours is None or monotonic() < ours.rests_until


def cost(*, given: int | None) -> Callable[[int], int | None]:
    """Of so many tokens, in millionths of a dollar; `given`: what the administrator says."""
    return partial(prices.of_embedding, model(), given=given)


def most_tokens(texts: Sequence[str]) -> int:
    """No token is shorter than a byte; models put a few of their own around a text."""
    return sum(len(text.encode()) + 16 for text in texts)


def meaning(question: str) -> Asked:
    """Of a question, for whose answer somebody waits; shortened, if it is very long."""
    asked = ask([question[:_LONGEST]], patience=_QUESTION)
    if asked.failure:
        failed(asked.failure)
    return asked


def ask(texts: Sequence[str], *, patience: float | None = None) -> Asked:
    """Vectors for texts, or why not. A failure may be told to `failed`."""
    ours = _of_ours()
    assert ours is not None, "nothing is configured"
    try:
        return _ask(ours, list(texts), patience or _BATCH)
    except (TimedOut, Cut, Garbage) as failure:  # it may have done its work
        return Asked([], _about(texts), failure)
    except Failure as failure:
        return Asked([], 0, failure)


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


def _ask(ours: _Embedding, texts: list[str], patience: float) -> Asked:
    answers = pull(
        lambda: openai.vectors(ours.model, texts, ours.access), patience=patience, tick=patience
    )
    with closing(answers):
        found, tokens = next((answer for answer in answers if answer is not None), ([], None))
    asked = Asked(_checked(found, len(texts)), _counted(tokens) or _about(texts))
    ours.rests_until, ours.warned = 0.0, False
    return asked


def _counted(tokens: Any) -> int:
    return tokens if isinstance(tokens, int) and 0 < tokens < _MANY else 0


def _about(texts: Sequence[str]) -> int:
    """Of who does not say how many."""
    return sum(context.tokens(text) for text in texts)


def _checked(found: list[Any], wanted: int) -> list[list[float]]:
    """Raises Garbage for what is not that many vectors of the same length."""
    lengths = {len(each) if isinstance(each, list) else 0 for each in found}
    if len(found) != wanted or len(lengths) != 1 or not 0 < min(lengths) <= _DIMENSIONS:
        raise Garbage("vectors")
    numbers = (number for each in found for number in each)
    if not all(isinstance(number, int | float) and isfinite(number) for number in numbers):
        raise Garbage("vectors")
    return found
