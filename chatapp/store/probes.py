"""Asking whether what we stand on answers, and never waiting longer for it than promised."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

from flask import Flask, current_app

from chatapp.errors import Busy
from chatapp.store import backlog, database, keys
from chatapp.store.connection import asking, redis

_PATIENCE = 1.2  # seconds for all answers together

Answer = float | bool | None  # None: it did not answer


def init_app(app: Flask) -> None:
    app.extensions["probes"] = {}
    app.extensions["open_for_business"] = False


def open_for_business() -> None:
    """From now on there may be people here."""
    current_app.extensions["open_for_business"] = True


def is_open() -> bool:
    return bool(current_app.extensions["open_for_business"])


def ask_all() -> dict[str, Answer]:
    """redis: may be written to. database: answers. record: how many seconds it lags.

    Each is asked in a thread of its own; one that still waits for its last answer is not asked
    again, so that nothing piles up behind a frozen server.
    """
    asked = {name: _ask(name, probe) for name, probe in _PROBES.items()}
    until = time.monotonic() + _PATIENCE
    for thread, _ in asked.values():
        thread.join(max(0.0, until - time.monotonic()))
    return {name: answers[-1] if answers else None for name, (_, answers) in asked.items()}


def _ask(name: str, probe: Callable[[], Answer]) -> tuple[Thread, list[Answer]]:
    running: dict[str, Thread] = current_app.extensions["probes"]
    answers: list[Answer] = []
    if name in running and running[name].is_alive():
        return running[name], answers
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def run() -> None:
        with app.app_context(), suppress(Busy):
            answers.append(probe())

    running[name] = Thread(target=run, name=f"probe-{name}", daemon=True)
    running[name].start()
    return running[name], answers


def _redis() -> bool:
    """A write, for a Redis that is full or a replica reads very well."""
    with asking():
        return bool(redis.set(keys.PROBE, "1", px=10_000))


def _database() -> bool:
    database.ping()
    return True


_PROBES: dict[str, Callable[[], Answer]] = {
    "redis": _redis,
    "database": _database,
    "record": backlog.lag,
}
