"""Beside the house: it knows sockets, frames and packets, and nothing of chat.

`worker.py` is loaded by gunicorn.conf.py, not from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from chatapp.engine import json
from chatapp.engine.context import app_at_hand, at_hand
from chatapp.engine.json import Fragment
from chatapp.engine.packets import Hardened
from chatapp.engine.phrase import GAP, Phrase
from chatapp.engine.queue import Queue
from chatapp.engine.strangers import network

__all__ = [
    "GAP",
    "Fragment",
    "Phrase",
    "app_at_hand",
    "at_hand",
    "figures",
    "harden",
    "json",
    "manager",
    "network",
    "redis_client",
    "redis_pipe",
    "together",
]


def manager(url: str | None, *, fast: bool, unhurried: Iterable[str] = (), **options: Any) -> Any:
    """The client manager for a SocketIO; the same `fast` goes to harden(). With a `url`, its rooms
    are those of all processes that share that Redis. The fast engine takes half a second for
    `unhurried` events, to say many of them at once.
    """
    if not fast:
        return Queue(url, **options) if url else None
    from chatapp.engine import fanout  # noqa: PLC0415 - needs eventlet, which others must not import

    rooms = fanout.QueuedFanOut(url, **options) if url else fanout.FanOut()
    rooms.unhurried = frozenset(unhurried)
    return rooms


def redis_pipe(url: str, *, timeout: float) -> Any:
    """Redis on the fast engine's loop, see pipe.Pipe; None where it cannot go. In a web worker only,
    after the fork.
    """
    from chatapp.engine import loop  # noqa: PLC0415 - as above
    from chatapp.engine.pipe import Pipe, reaches  # noqa: PLC0415

    return Pipe(loop.current(), url, timeout=timeout) if reaches(url) else None


def together(ask: Callable[[list[Any]], Any]) -> Callable[[Any], Any]:
    """Ask for many in one go, see together.Together. In a web worker on the fast engine only."""
    from chatapp.engine.together import Together  # noqa: PLC0415 - as above

    return Together(ask)


def redis_client() -> Any:
    """A redis-py client class whose commands can go over a pipe, see client.PipedRedis."""
    from chatapp.engine.client import PipedRedis  # noqa: PLC0415 - redis-py takes its time

    return PipedRedis


def figures() -> Any:
    """What the fast engine has done, see loop.Figures. Only where it runs."""
    from chatapp.engine import loop  # noqa: PLC0415 - as above

    return loop.current().figures()


def harden(
    socketio: Any,
    *,
    fast: bool = False,
    connect_within: float = 10.0,
    unknown_per_address: int = 1_000,
    settled: Callable[[str, bool], None] | None = None,
) -> Callable[[], int]:
    """Close what the plain libraries leave open, on a flask_socketio.SocketIO that has its app.

    Once per SocketIO, before it serves. `fast`: on lines of our own, see docs/engine.md; only under
    our gunicorn worker, with eventlet. Either way: no binary, no permessage-deflate, one message at
    most `max_http_buffer_size` bytes whatever its fragments, malformed packets close the
    connection, so does `connect_within` seconds in no namespace (one address may have
    `unknown_per_address` of such), and a client that does not read is dropped instead of waited for.
    `settled(sid, still_there)` is called when a client that was let in has been told so.

    Returns what says how many connections are open.
    """
    kind = Hardened
    if fast:
        from chatapp.engine.fast import Fast as kind  # noqa: PLC0415 - as above
    kind(
        socketio.server,
        connect_within=connect_within,
        unknown_per_address=unknown_per_address,
        settled=settled,
    ).install()
    sockets = socketio.server.eio.sockets
    return lambda: len(sockets)
