"""What one client is told: at the end of the tick, or kept until it takes it, up to a bound."""

from __future__ import annotations

from _socket import SHUT_WR, socket  # the plain one, whatever is patched
from abc import ABC, abstractmethod
from collections import deque
from contextlib import suppress
from typing import Any

from chatapp.engine.loop import READABLE, WRITABLE, Loop

LINGER = 1.0  # seconds a client has to take our last words
_BACKLOG_BYTES = 1 << 20  # what one client may owe us …
_BACKLOG_PIECES = 1_000  # … in so many ticks


class Speaker(ABC):
    """The writing half of a line, and its socket."""

    __slots__ = (
        "_backlog", "_events", "_leaving", "_loop", "_most", "_owed", "blocked", "fd", "later", "out",
        "sock",
    )  # fmt: skip

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._leaving = False  # our last words are said, or it takes none any more
        self._backlog: deque[bytes] | None = None  # what the client did not take yet
        self._owed = self._most = 0  # bytes of it, and how many it may be
        self._events = READABLE
        self.sock: socket | None = None
        self.fd = -1
        self.out: bytes | None = None  # what to say at the end of the tick
        self.later: bytes | None = None  # and before it, see later.py
        self.blocked = True  # it cannot be said at once

    @abstractmethod
    def ready(self, events: int) -> None:
        """The loop says that the descriptor is."""

    @abstractmethod
    def fail(self) -> None:
        """Let the client go at once."""

    def open(self, green: Any, first: bytes) -> None:
        """Take over the descriptor of an eventlet socket, and say this first."""
        plain = green.fd
        family, kind, protocol = plain.family, plain.type, plain.proto
        self.fd = plain.detach()
        self.sock = socket(family, kind, protocol, self.fd)
        self.sock.setblocking(False)
        self.blocked = False
        self._loop.watch(self.fd, self, READABLE)
        self.say(first)

    def say(self, frame: bytes) -> None:
        """At the end of the tick. Nothing once the line is dead or our last words are said."""
        if self.sock is not None and not self._leaving:
            self._loop.speak(self, frame)

    def say_soon(self, frame: bytes) -> None:
        """The same, or a moment later together with more, see Loop.speak_soon."""
        if self.sock is not None and not self._leaving:
            self._loop.speak_soon(self, frame)

    @property
    def is_alive(self) -> bool:
        return self.sock is not None and not self._leaving

    # --- called by the loop ---------------------------------------------------------------------

    def defer(self, data: bytes) -> None:
        """It could not be said at the end of the tick."""
        if self.sock is None or self._leaving:
            return
        self.blocked = True
        self._keep(data)
        if self._backlog and (self._owed > self._most or len(self._backlog) > _BACKLOG_PIECES):
            self._loop.dropped += 1
            self.fail()

    def broke(self) -> None:
        """The client takes nothing any more; what it said before may still be in the socket."""
        self._leaving = self.blocked = True
        self._drop_backlog()
        self._listen_for(READABLE)
        self._loop.hub.schedule_call_global(LINGER, self.fail)

    # --- the rest -------------------------------------------------------------------------------

    def _send(self, data: bytes) -> bytes:
        """What could not be sent of it."""
        try:
            return data[self.sock.send(data) :] if self.sock is not None else b""
        except BlockingIOError:
            return data
        except OSError:
            self.broke()
            return b""

    def _keep(self, data: bytes) -> None:
        if self.sock is None:
            return
        if self._backlog is None:
            self._backlog = deque()
            # One long answer is no sign of a client that sleeps: what comes after it counts.
            self._most = len(data) + _BACKLOG_BYTES
            self._listen_for(self._events | WRITABLE)
        self._backlog.append(data)
        self._owe(len(data))

    def _owe(self, more: int) -> None:
        self._owed += more
        self._loop.backlog += more

    def _write_on(self) -> None:
        while self._backlog:
            data = self._backlog.popleft()
            rest = self._send(data)
            if self._backlog is None:  # it broke
                return
            self._owe(len(rest) - len(data))
            if rest:
                self._backlog.appendleft(rest)
                return
        self._backlog = None
        self._listen_for(self._events & ~WRITABLE)
        if self._leaving:
            self._half_close()
        else:
            self.blocked = False

    def _drop_backlog(self) -> None:
        self._owe(-self._owed)
        self._backlog = None

    def _half_close(self) -> None:
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(SHUT_WR)

    def _let_go(self) -> None:
        if self.sock is None:
            return
        self._loop.forget(self.fd)
        self.sock.close()
        self.sock, self.out, self.later, self.blocked = None, None, None, True
        self._drop_backlog()

    def _listen_for(self, events: int) -> None:
        if events != self._events and self.sock is not None:
            self._events = events
            self._loop.change(self.fd, events)
