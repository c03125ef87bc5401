"""What every worker must hear within two seconds: who may no longer be here, and who has changed.

A stream, not the message queue: a worker that was away for a moment reads on from where it stood.
What it cannot have read it makes up for by asking the record, see actions.control.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Literal

from flask import Flask

from chatapp import logs
from chatapp.errors import Busy
from chatapp.store import keys
from chatapp.store.connection import asking, patient_redis, redis
from chatapp.store.here import here
from chatapp.types import Caller

log = logs.get(__name__)

Kind = Literal[
    "session_ended",  # session_id, reason
    "sessions_ended",  # user_id, except_session_id, reason
    "user_disabled",  # user_id
    "people_changed",  # user_id
    "workspace_suspended",
]
Message = dict[str, str]  # kind, tenant_id and the ids named above

_KEEP = 10_000  # messages; a worker that is further behind has been deaf for far too long
_DEAF_AFTER = 60.0  # seconds without hearing until this worker trusts nobody
_RECENT = 10.0  # seconds: longer than letting a connection in takes


@dataclass
class Doubts:
    """What this worker did not hear for certain, to be asked of the record."""

    everybody: bool = False
    sessions: set[str] = field(default_factory=set)
    people: set[tuple[str, str]] = field(default_factory=set)  # tenant id, user id

    def __or__(self, other: Doubts) -> Doubts:
        return Doubts(
            self.everybody or other.everybody,
            self.sessions | other.sessions,
            self.people | other.people,
        )


class Ear:
    """How well this worker hears."""

    def __init__(self) -> None:
        self.last: str | None = None  # id of the last message; None: we do not know what we missed
        self.was_deaf = False
        self.heard_at = time.monotonic()
        self.recent: deque[tuple[float, Message]] = deque(maxlen=1_000)
        self.doubts = Doubts()
        self.doubted = Event()


def init_app(app: Flask) -> None:
    app.extensions["control"] = Ear()


def say(kind: Kind, tenant_id: str, **ids: str) -> None:
    """Tell every worker. Raises Busy when it was not said: the request must fail, to be retried."""
    message: Any = {"kind": kind, "tenant_id": tenant_id, **ids}
    with asking():
        redis.xadd(keys.CONTROL_LOG, message, maxlen=_KEEP, approximate=True)


def last_id() -> str:
    """Where to start following: the newest id, or the beginning of a log not yet there."""
    with asking():
        newest: Any = redis.xrevrange(keys.CONTROL_LOG, count=1)
    return newest[0][0] if newest else "0-0"


def follow(after: str, *, block_ms: int = 1000) -> list[tuple[str, Message]]:
    """What was said after this id; waits for the first. Raises Busy."""
    with asking():
        answer: Any = patient_redis.xread({keys.CONTROL_LOG: after}, count=500, block=block_ms)
    return answer[0][1] if answer else []


def hear(*, block_ms: int = 1000) -> list[Message]:
    """What was said since this worker last heard.

    Raises Busy. Whatever was said around such a failure counts as missed: everybody is doubted.
    """
    ear = _ear()
    try:
        if ear.last is None:
            ear.last = last_id()
            if ear.was_deaf:
                log.info("redis is heard again")
            ear.was_deaf = False
            doubt(Doubts(everybody=True))
        said = follow(ear.last, block_ms=block_ms)
    except Busy:
        if not ear.was_deaf:
            log.warning("redis cannot be heard")
        ear.last, ear.was_deaf = None, True
        raise
    ear.heard_at = time.monotonic()
    ear.last = said[-1][0] if said else ear.last
    ear.recent.extend((ear.heard_at, message) for _, message in said)
    return [message for _, message in said]


def trusted() -> bool:
    """Whether this worker may act: False when it could not hear that somebody was sent away."""
    return time.monotonic() - _ear().heard_at < _DEAF_AFTER


def doubt(doubts: Doubts) -> None:
    ear = _ear()
    ear.doubts |= doubts
    ear.doubted.set()


def doubt_newcomer(caller: Caller) -> None:
    """Whoever was sent away while we were letting them in was heard of too early to be closed."""
    now = time.monotonic()
    if any(_may_concern(message, caller) for at, message in _ear().recent if now - at < _RECENT):
        doubt(Doubts(sessions={caller.session_id}))


def doubts(*, wait: float) -> Doubts:
    """What is doubted, waiting up to `wait` seconds for something; ours to settle from now on."""
    ear = _ear()
    ear.doubted.wait(wait)
    ear.doubted.clear()
    found, ear.doubts = ear.doubts, Doubts()
    return found


def _may_concern(message: Message, caller: Caller) -> bool:
    return message.get("tenant_id") == caller.tenant_id and (
        caller.user_id == message.get("user_id")
        or caller.session_id == message.get("session_id")
        or message["kind"] == "workspace_suspended"
    )


def _ear() -> Ear:
    ear: Ear = here().extensions["control"]
    return ear
