"""One client's line: a WebSocket in the loop, without a greenlet of its own.

Messages are heard one at a time, in the order they came, on a borrowed greenlet that may wait.
While it waits, what comes is kept, up to a bound, after which we stop reading. What the client does
not take is kept, too, see speaker.py, and beyond its bound it is let go: it resumes from the log.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import deque

from chatapp.engine import frames
from chatapp.engine.loop import READABLE, WRITABLE, Loop
from chatapp.engine.speaker import LINGER, Speaker

_SEGMENT = 16 * 1024  # of tiny frames 64 KB took 25 ms, and everybody else waited
_INBOX = 64  # messages waiting to be heard, after which we stop reading …
_INBOX_BYTES = 256 * 1024  # … or so much of them
_TURN = 16  # messages of one client heard before the others have a turn


class Line(Speaker):
    """Give it a socket by `open`; override `hear` and `gone`."""

    __slots__ = ("_came", "_deaf", "_farewell", "_hearing", "_held", "_reader", "_told")

    def __init__(self, loop: Loop, *, limit: int, fragments: int = 1_000) -> None:
        super().__init__(loop)
        self._reader = frames.Reader(limit=limit, fragments=fragments)
        self._came: deque[str | bytes] | None = None  # messages that wait to be heard
        self._held = 0  # bytes of those, about
        self._hearing = False  # a greenlet is at it
        self._deaf = False  # nothing is heard any more
        self._farewell: tuple[int, str] | None = None  # last words, once everything is heard
        self._told = False  # gone() was called

    # --- for whoever has the line ---------------------------------------------------------------

    @abstractmethod
    def hear(self, message: str | bytes) -> None:
        """A message. May wait: the next one does, too."""

    @abstractmethod
    def gone(self) -> None:
        """The line is dead. Called once, after the last message was heard."""

    def hang_up(self, code: int = frames.NORMAL, reason: str = "") -> None:
        """Say everything that waits, then why; hear nothing any more. Only once."""
        if self.sock is None or self._leaving:
            return
        self._deaf = True
        waits = (self.later or b"") + (self.out or b"")
        last, self.out, self.later = waits + frames.close(code, reason), None, None
        if not self.blocked:
            last = self._send(last)
        self._leaving = self.blocked = True
        if last:
            self._keep(last)
        self._listen_for(self._events | READABLE)  # for the end that the client makes
        if not self._backlog:
            self._half_close()
        self._loop.hub.schedule_call_global(LINGER, self._let_go)
        self._end()

    def fail(self) -> None:
        """The client is gone, or too slow: let it go at once. What was read before is still heard."""
        self._let_go()
        self._end()

    # --- called by the loop ---------------------------------------------------------------------

    def ready(self, events: int) -> None:
        if events & WRITABLE:
            self._write_on()
        if events & ~WRITABLE and self.sock is not None:
            self._read()

    # --- reading --------------------------------------------------------------------------------

    def _read(self) -> None:
        assert self.sock is not None
        try:
            data = self.sock.recv(_SEGMENT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.fail()
        elif not self._deaf:
            self._loop.litter += len(data)
            items = self._reader.feed(data)
            if not self._hears_at_once(items):
                self._take(items)

    def _take(self, items: list[frames.Item]) -> None:
        controls = [item for item in items if type(item) is frames.Control]
        if controls:
            self._answer(controls)
        for item in items:
            if type(item) is not frames.Control:
                self._queue(item)  # type: ignore[arg-type]
        if self._reader.violation:
            self._farewell = (self._reader.violation.code, self._reader.violation.reason)
        if self._farewell:
            self._listen_for(self._events & ~READABLE)
        if self._came and not self._hearing:
            self._hearing = True
            self._loop.crew.run(self._hear_all)
        elif self._farewell and not self._hearing:
            self.hang_up(*self._farewell)

    def _hears_at_once(self, items: list[frames.Item]) -> bool:
        """The short way of _take(), for one text and nothing else to think of: nearly always."""
        message = items[0] if len(items) == 1 else None
        if type(message) is not str or self._hearing or self._reader.violation:
            return False
        if len(message) > _INBOX_BYTES:
            return False
        self._came, self._held, self._hearing = deque(items), len(message), True  # type: ignore[arg-type]
        self._loop.crew.run(self._hear_all)
        return True

    def _answer(self, controls: list[frames.Control]) -> None:
        pings = [each.payload for each in controls if each.opcode == frames.PING]
        if pings:
            self.say(b"".join(frames.frame(frames.PONG, payload) for payload in pings))
        if controls[-1].opcode == frames.CLOSE:  # nothing is read after it
            self._farewell = (frames.answer_to(controls[-1]), "")

    def _queue(self, message: str | bytes) -> None:
        if self._came is None:
            self._came = deque()
        self._came.append(message)
        self._held += len(message)
        if len(self._came) > _INBOX or self._held > _INBOX_BYTES:
            self._listen_for(self._events & ~READABLE)

    def _hear_all(self) -> None:
        """On a borrowed greenlet, until nothing is left."""
        turn = 0
        try:
            while self._came and not self._deaf:
                message = self._came.popleft()
                self._held -= len(message)
                self.hear(message)
                turn += 1
                if turn % _TURN == 0 and self._came:
                    self._loop.crew.rest()
        except Exception:
            self.fail()
            raise
        finally:
            self._came, self._held, self._hearing = None, 0, False
            self._heard_all()

    def _heard_all(self) -> None:
        if self._farewell:
            self.hang_up(*self._farewell)
        elif self.sock is not None and not self._leaving:
            self._listen_for(self._events | READABLE)
        if self.sock is None or self._leaving:
            self._end()

    def _end(self) -> None:
        """Say so, once, when nothing is being heard any more."""
        if not self._hearing and not self._told:
            self._told = True
            self._loop.crew.run(self.gone)
