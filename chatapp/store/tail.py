"""Where this worker stands in the shard logs, and what it told its people last."""

from __future__ import annotations

from threading import Lock
from time import monotonic

from flask import Flask, current_app

from chatapp.store import shard_log
from chatapp.store.connection import server
from chatapp.store.here import here as this_app
from chatapp.store.keys import room_keys
from chatapp.types import Head, Room

_READ_EVERY = 1.0  # seconds that a read of quiet logs takes


class Tail:
    def __init__(self, last: dict[int, str], run: str) -> None:
        self.last = last  # shard -> id of the last entry told
        self.run = run  # of Redis, when we began: of an earlier one we know nothing
        self.acknowledged: dict[int, tuple[Room, str]] = {}  # shard -> the last event kept for us
        self.told: dict[Room, Head] = {}
        self.told_stale = False
        self.doubtful = False  # the connection broke: are these still the logs we knew?
        self.unwritten = False  # there was news, and nobody was called to write it down
        self._read_at = monotonic()

    def read(self) -> None:
        self._read_at = monotonic()

    @property
    def lag(self) -> float:
        """Seconds that the logs should have been read for and were not."""
        return max(0.0, monotonic() - self._read_at - _READ_EVERY)

    @property
    def stale(self) -> bool:
        return self.lag > float(current_app.config["STALE_AFTER"])


def init_app(app: Flask) -> None:
    app.extensions["tail"] = None
    app.extensions["tail_begins"] = Lock()


def known() -> Tail | None:
    """Where this worker stands, if it follows the logs at all."""
    tail: Tail | None = this_app().extensions["tail"]
    return tail


def keep_in_mind(room: Room, raw: str) -> None:
    """An event that was acknowledged; not while in doubt, or it would take the place of what may be
    lost.
    """
    tail = known()
    if tail and not tail.doubtful:
        tail.acknowledged[room_keys(room).shard] = (room, raw)


def here() -> Tail:
    """Begins at the newest entries, once: of two beginnings the later would be told again what the
    earlier had told. Raises Busy when it cannot begin.
    """
    tail = known()
    if tail is None:
        with current_app.extensions["tail_begins"]:
            tail = known() or Tail(shard_log.newest(), server().run)
            current_app.extensions["tail"] = tail
    return tail


def lag() -> float | None:
    """Seconds; None before the first read."""
    tail = known()
    return tail.lag if tail else None


def unhealthy_after() -> float:
    """Seconds of lag with which nobody should come here any more."""
    return float(current_app.config["UNHEALTHY_AFTER"])
