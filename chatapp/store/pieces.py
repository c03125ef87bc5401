"""Unfinished answers: what is written so far, by whom, and whether somebody wants it to stop.

One writer per room at a time, under a lease that it renews with every step; see lua/grow.lua.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import uuid4

from chatapp.store.connection import asking, redis, run_lua
from chatapp.store.keys import room_keys
from chatapp.types import Room, Run

LEASE = 10.0  # seconds; renewed at least every second
_KEPT = 3600  # seconds that pieces stay after the last of them: for those who come back late


class Lost(Exception):
    """Somebody else writes this run now, or it has ended."""


class Standing(NamedTuple):
    length: int  # code points
    cancelled: bool


@contextmanager
def lease(room: Room) -> Iterator[str | None]:
    """The token of the only one who answers in this room; None: somebody else does. Raises Busy."""
    name, token = room_keys(room).answering, uuid4().hex
    with asking():
        held = bool(redis.set(name, token, nx=True, px=_ms(LEASE)))
    try:
        yield token if held else None
    finally:
        if held:
            run_lua("give_back", [name], [token])


def leased(rooms: list[Room]) -> list[bool]:
    """Whether somebody answers in each of these rooms."""
    if not rooms:
        return []
    with asking():
        pipe = redis.pipeline(transaction=False)
        for room in rooms:
            pipe.exists(room_keys(room).answering)
        return [bool(found) for found in pipe.execute()]


def begin(run: Run, token: str) -> Standing:
    """From now on this token alone writes the run. Raises Lost, Busy."""
    return _ask(run, "begin", token)


def grow(run: Run, token: str, offset: int, text: str) -> Standing:
    """Add to what has `offset` code points so far, or, with nothing to add, keep the lease. After
    Busy nobody knows, and doing it again adds it once. Raises Lost, Busy.
    """
    return _ask(run, "grow", token, text, len(text), offset)


def asked(run: Run, token: str, tokens: int) -> None:
    """So much was given to the provider: whoever takes over could not know. Raises Lost, Busy."""
    _ask(run, "asked", token, tokens)


def cancel(run: Run) -> bool:
    """Whether somebody has begun it, who will stop. Nothing happens to a run that has ended.

    Raises Busy.
    """
    status, *rest = _lua(run, "cancel", "")
    return status != "ok" or bool(rest[0])


def finish(run: Run) -> bool:
    """It has ended: nothing is added any more, whoever writes. True to the first who says so. Raises
    Busy.
    """
    status, *_ = _lua(run, "finish", "")
    return bool(status == "ok")


def given(run: Run) -> int:
    """The tokens that asked() told of. Raises Busy."""
    with asking():
        found: Any = redis.hget(room_keys(run.room).standing(run.id), "asked")
    return int(found or 0)


def since(run: Run, offset: int) -> str:
    """Everything written from `offset` until now. Raises Busy."""
    with asking():
        entries: Any = redis.xrange(room_keys(run.room).pieces(run.id))
    found = [(int(fields["o"]), fields["t"]) for _, fields in entries]
    return "".join(text[max(0, offset - begins) :] for begins, text in found)


def forget(room: Room, run_id: str) -> None:
    """Its answer was removed, or never said: nobody who comes late is given what was written of it.
    Raises Busy.
    """
    with asking():
        redis.delete(room_keys(room).pieces(run_id))


def _ask(run: Run, verb: str, token: str, *more: object) -> Standing:
    status, *rest = _lua(run, verb, token, *more)
    if status != "ok":
        raise Lost
    length, cancelled = rest
    return Standing(length, bool(cancelled))


def _lua(run: Run, verb: str, token: str, *more: object) -> Any:
    keys = room_keys(run.room)
    names = [keys.answering, keys.standing(run.id), keys.pieces(run.id)]
    return run_lua("grow", names, [verb, token, _ms(LEASE), _KEPT, *more])


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
