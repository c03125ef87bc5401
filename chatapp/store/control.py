"""What every worker must hear within two seconds: who may no longer be here, and who has changed.

A stream, not the message queue: a worker that was away for a moment reads on from where it stood.
What it cannot have read it makes up for by asking the record, see actions.control.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any, Literal

from flask import Flask, current_app
from redis.exceptions import RedisError

from chatapp.errors import Busy
from chatapp.store import keys
from chatapp.store.connection import patient_redis, redis

Kind = Literal[
    "session_ended",  # session_id, reason
    "sessions_ended",  # user_id, except_session_id, reason
    "user_disabled",  # user_id
    "people_changed",  # user_id
    "workspace_suspended",
]

_KEEP = 10_000  # entries; a worker that is further behind has been deaf for far longer than allowed
_DEAF_AFTER = 60.0  # seconds without reading until this worker trusts nobody
_RECENT = 10.0  # seconds: longer than letting a connection in takes


class Ear:
    """How well this worker hears."""

    def __init__(self) -> None:
        self.heard_at = time.monotonic()
        self.recent: deque[tuple[float, dict[str, str]]] = deque(maxlen=1_000)


def init_app(app: Flask) -> None:
    app.extensions["control"] = Ear()


def say(kind: Kind, tenant_id: str, **ids: str) -> None:
    """Tell every worker. Raises Busy when it was not said: the request must fail, to be retried."""
    message: Any = {"kind": kind, "tenant_id": tenant_id, **ids}
    try:
        redis.xadd(keys.CONTROL_LOG, message, maxlen=_KEEP, approximate=True)
    except RedisError as error:
        raise Busy from error


def last_id() -> str:
    """Where to start following: the newest id, or the beginning of a log not yet there."""
    try:
        newest: Any = redis.xrevrange(keys.CONTROL_LOG, count=1)
    except RedisError as error:
        raise Busy from error
    return newest[0][0] if newest else "0-0"


def follow(after: str, *, block_ms: int = 1000) -> list[tuple[str, dict[str, str]]]:
    """What was said after this id; waits for the first. Raises Busy."""
    try:
        answer: Any = patient_redis.xread({keys.CONTROL_LOG: after}, count=500, block=block_ms)
    except RedisError as error:
        raise Busy from error
    ear = _ear()
    ear.heard_at = time.monotonic()
    said: list[tuple[str, dict[str, str]]] = answer[0][1] if answer else []
    ear.recent.extend((ear.heard_at, message) for _, message in said)
    return said


def recent() -> list[dict[str, str]]:
    """What this worker heard while somebody may have been on the threshold."""
    now = time.monotonic()
    return [message for at, message in _ear().recent if now - at < _RECENT]


def trusted() -> bool:
    """Whether this worker may act: False when it could not hear that somebody was sent away."""
    return time.monotonic() - _ear().heard_at < _DEAF_AFTER


def _ear() -> Ear:
    ear: Ear = current_app.extensions["control"]
    return ear
