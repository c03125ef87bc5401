"""Asking a model: `complete(prompt)` gives pieces of text as they come, then what was used.

One module per provider, each over its official SDK, which is imported when it is first asked. The
keys are in the memory of the workers alone; see workers/__init__.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator
from typing import Any

from flask import Flask, current_app

from chatapp.llm import anthropic, embedding, gemini, librarian, openai
from chatapp.llm.failures import Failure, Refused
from chatapp.llm.loop import pull
from chatapp.llm.prompt import LIBRARIAN, Access, Piece, Prompt, Turn, Usage

__all__ = [
    "LIBRARIAN",
    "Access",
    "Failure",
    "Piece",
    "Prompt",
    "Turn",
    "Usage",
    "complete",
    "patience",
    "reachable",
]

_STREAMS: dict[str, Callable[[Prompt, Access], AsyncIterator[Piece | Usage]]] = {
    "openai": openai.stream,
    "anthropic": anthropic.stream,
    "gemini": gemini.stream,
    LIBRARIAN: librarian.stream,
}


def init_app(app: Flask, keys: Any) -> None:
    """`keys`: config.ProviderKeys, which only a worker has; None: there is the librarian."""
    if keys is None:
        return
    app.extensions["providers"] = {
        name: Access(*found)
        for name, found in (
            ("openai", (keys.OPENAI_API_KEY, keys.OPENAI_BASE_URL)),
            ("anthropic", (keys.ANTHROPIC_API_KEY, keys.ANTHROPIC_BASE_URL)),
            ("gemini", (keys.GEMINI_API_KEY, keys.GEMINI_BASE_URL)),
        )
        if any(found)  # a server of one's own needs no key
    }
    embedding.init_app(app, keys)


def reachable() -> list[str]:
    """The providers this process has a key or an address for."""
    return sorted(current_app.extensions.get("providers", {}))


def complete(prompt: Prompt, *, tick: float) -> Generator[Piece | Usage | None]:
    """The answer as it is written. None whenever nothing came for `tick` seconds, so that whoever
    listens can see to other things; closing the iterator closes the provider's connection.

    The last Usage counts. Raises Failure: also when nothing came for ASSISTANT_PATIENCE seconds.
    """
    stream, access = _STREAMS.get(prompt.provider), Access()
    if prompt.provider != LIBRARIAN:
        known: dict[str, Access] = current_app.extensions.get("providers", {})
        if stream is None or prompt.provider not in known:
            raise Refused("not configured")
        access = known[prompt.provider]
    assert stream is not None
    return pull(lambda: stream(prompt, access), patience=patience(), tick=tick)


def patience() -> float:
    """Seconds until a provider that says nothing has failed."""
    return float(current_app.config["ASSISTANT_PATIENCE"])
