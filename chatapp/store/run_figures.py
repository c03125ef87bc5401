"""What the assistant's runs came to, counted in Redis: who answers serves no page of metrics."""

from __future__ import annotations

from typing import Any

from chatapp.store import keys
from chatapp.store.connection import asking, redis


def add(outcome: str, seconds: float) -> None:
    """One more run. Raises Busy."""
    with asking():
        pipe = redis.pipeline(transaction=False)
        pipe.hincrby(keys.ASSISTANT_FIGURES, f"runs {outcome}", 1)
        pipe.hincrbyfloat(keys.ASSISTANT_FIGURES, f"seconds {outcome}", seconds)
        pipe.execute()


def add_first(seconds: float) -> None:
    """It took so long until a first piece. Raises Busy."""
    with asking():
        pipe = redis.pipeline(transaction=False)
        pipe.hincrby(keys.ASSISTANT_FIGURES, "first count", 1)
        pipe.hincrbyfloat(keys.ASSISTANT_FIGURES, "first seconds", seconds)
        pipe.execute()


def read() -> dict[tuple[str, str], float]:
    """(what, of which) -> how much, since Redis began to count. Raises Busy."""
    with asking():
        found: Any = redis.hgetall(keys.ASSISTANT_FIGURES)
    return {tuple(name.split(" ", 1)): float(value) for name, value in found.items()}
