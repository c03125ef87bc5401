"""Redis on the loop: the commands of one tick in one write, the replies in their order.

A greenlet that asks waits for its reply; others run. A reply wakes it inside the tick that read it,
so what it then says to clients leaves at the end of that same tick. Nothing is ever sent twice: when
the connection breaks, or an answer is overdue, everybody who waits is told so, and whoever asks
next brings about a new connection. Errors are redis-py's.
"""

from __future__ import annotations

import logging
from _socket import AF_INET6, IPPROTO_TCP, SOCK_STREAM, TCP_NODELAY, socket
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import Any

import eventlet
import greenlet
import hiredis
from redis._parsers.base import BaseParser
from redis.connection import parse_url
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import NoScriptError, RedisError
from redis.exceptions import TimeoutError as Overdue

from chatapp.engine.loop import READABLE, WRITABLE, Loop
from chatapp.engine.phrase import Phrase, digest

log = logging.getLogger(__name__)

_SEGMENT = 256 * 1024


def reaches(url: str) -> bool:
    """Whether a pipe can go there: plain TCP only."""
    return url.startswith("redis://")


class Pipe:
    """`timeout`: seconds until an answer is overdue, and until a connection is not made."""

    def __init__(self, loop: Loop, url: str, *, timeout: float) -> None:
        where = parse_url(url)  # type: ignore[no-untyped-call]
        self._address = (where.get("host", "localhost"), int(where.get("port", 6379)))
        self._greeting = _greeting(where)
        self._loop, self._timeout = loop, timeout
        self._sock: socket | None = None
        self._fd = -1
        self._connecting = self._checking = False
        self._waiting: deque[_Question] = deque()  # in the order they were asked
        self._commands: list[bytes] = []  # of this tick
        self._unsent = b""
        self._replies = _reader()
        loop.at_end_of_tick(self._flush)

    def ask(self, *command: Any) -> Any:
        """The reply. Raises redis-py's errors: TimeoutError and ConnectionError when nobody knows
        whether it was done.
        """
        return self._ask(hiredis.pack_command(command))

    def _ask(self, command: bytes) -> Any:
        me, hub = greenlet.getcurrent(), self._loop.hub
        question = _Question(me, monotonic())
        self._waiting.append(question)
        self._commands.append(command)
        if self._sock is None and not self._connecting:
            self._connecting = True
            eventlet.spawn_n(self._connect)
        self._loop.arm()
        if not self._checking:
            self._check_later()
        try:
            # hub.switch() would see to it first that the hub is our parent: 1 µs.
            reply = hub.greenlet.switch() if me.parent is hub.greenlet else hub.switch()
        finally:
            question.asker = None
        if isinstance(reply, RedisError):
            raise reply
        return reply

    def run(self, script: str, keys: list[str], args: list[Any]) -> Any:
        """A Lua script, by its digest; the first time, by its text."""
        try:
            return self.ask("EVALSHA", digest(script), len(keys), *keys, *args)
        except NoScriptError:  # then it was not run
            return self.ask("EVAL", script, len(keys), *keys, *args)

    def run_phrase(self, phrase: Phrase, words: tuple[bytes, ...]) -> Any:
        """The same of a call that is packed already, with these words in its gaps."""
        try:
            return self._ask(phrase.fill(words))
        except NoScriptError:
            return self.run(phrase.script, *phrase.plain(words))

    # --- the loop -------------------------------------------------------------------------------

    def ready(self, events: int) -> None:
        if events & WRITABLE:
            self._write(b"")
        if events & ~WRITABLE and self._sock is not None:
            self._read(self._sock)

    def fail(self) -> None:
        self._break(Broken("the connection to Redis failed"))

    def _flush(self) -> None:
        if self._commands and self._sock is not None:
            commands, self._commands = b"".join(self._commands), []
            self._write(commands)

    def _write(self, data: bytes) -> None:
        assert self._sock is not None
        waited = bool(self._unsent)
        data = self._unsent + data
        try:
            sent = self._sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._break(Broken(repr(error)))
            return
        self._unsent = data[sent:]
        if waited != bool(self._unsent):
            self._loop.change(self._fd, READABLE | (WRITABLE if self._unsent else 0))

    def _read(self, sock: socket) -> None:
        try:
            data = sock.recv(_SEGMENT)
        except BlockingIOError:
            return
        except OSError as error:
            self._break(Broken(repr(error)))
            return
        if not data:
            self._break(Broken("Redis closed the connection"))
            return
        self._replies.feed(data)
        while self._sock is sock:  # an asker that we wake may break it
            reply = self._replies.gets()
            if reply is False:
                return
            self._waiting.popleft().answer(reply)

    # --- beginning and end ----------------------------------------------------------------------

    def _connect(self) -> None:
        """On a greenlet of its own."""
        try:
            with eventlet.Timeout(self._timeout, Overdue("connecting to Redis took too long")):
                green = eventlet.connect(self._address, _family(self._address[0]))
        except (OSError, Overdue) as error:
            self._connecting = False
            self._break(error if isinstance(error, Overdue) else Broken(repr(error)))
            return
        plain = green.fd
        family, self._fd = plain.family, plain.detach()
        self._sock = socket(family, SOCK_STREAM, 0, self._fd)
        self._sock.setblocking(False)
        self._sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        self._connecting = False
        for command in reversed(self._greeting):
            self._waiting.appendleft(_Question(None, monotonic()))
            self._commands.insert(0, hiredis.pack_command(command))
        self._loop.watch(self._fd, self, READABLE)
        self._loop.arm()

    def _break(self, error: RedisError) -> None:
        """Everybody who waits hears of it, soon: we may be on one of their greenlets."""
        if self._sock is not None:
            with suppress(KeyError, OSError):
                self._loop.forget(self._fd)
            self._sock.close()
            self._sock = None
        waiting, self._waiting = self._waiting, deque()
        self._commands, self._unsent, self._replies = [], b"", _reader()
        for question in waiting:
            self._loop.hub.schedule_call_global(0, question.answer, error)

    def _check_later(self) -> None:
        self._checking = True
        self._loop.hub.schedule_call_global(self._timeout / 4, self._check)

    def _check(self) -> None:
        """An overdue answer means a connection that is as good as broken."""
        self._checking = False
        if self._overdue() and self._sock is not None:
            self._read(self._sock)  # it may be us who were late
        if self._overdue():
            self._break(Overdue(f"Redis did not answer within {self._timeout} s"))
        if self._waiting:
            self._check_later()

    def _overdue(self) -> bool:
        return bool(self._waiting) and monotonic() - self._waiting[0].asked_at > self._timeout


class _Question:
    __slots__ = ("asked_at", "asker")

    def __init__(self, asker: Any, asked_at: float) -> None:
        self.asker, self.asked_at = asker, asked_at  # no asker: it has given up, or never was

    def answer(self, reply: object) -> None:
        if self.asker is not None:
            self.asker.switch(reply)
        elif isinstance(reply, RedisError):
            log.warning("redis: %s", reply)


def _reader() -> Any:
    return hiredis.Reader(encoding="utf-8", replyError=BaseParser.parse_error)


def _greeting(where: dict[str, Any]) -> list[tuple[Any, ...]]:
    greeting: list[tuple[Any, ...]] = []
    if where.get("password"):
        user = (where["username"],) if where.get("username") else ()
        greeting.append(("AUTH", *user, where["password"]))
    if where.get("db"):
        greeting.append(("SELECT", where["db"]))
    return greeting


def _family(host: str) -> int:
    return AF_INET6 if ":" in host else 2  # AF_INET
