"""The loop: one epoll of our own inside eventlet's hub, and one send per connection and tick.

A tick is one turn of the hub in which something of ours was ready. All input of a tick is read and
handed to its connections first; what they, and whoever else ran, want to say gathers in `Line.out`;
at the end of the tick every connection with something to say gets one `send`. Connections that owe
the same bytes share one object. docs/engine.md has the picture.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from eventlet import hubs
from eventlet.patcher import original

from chatapp.engine.crew import Crew
from chatapp.engine.later import Later

if TYPE_CHECKING:
    from chatapp.engine.speaker import Speaker

_select = original("select")
READABLE, WRITABLE = _select.EPOLLIN, _select.EPOLLOUT

log = logging.getLogger(__name__)

_EVENTS = 256  # ready descriptors taken in one tick
_MUCH, _LATELY = 8, 8  # so many of them, that many ticks ago: then much is going on
_SOON = 0.02  # seconds, see speak_soon
# Bytes heard until garbage is looked for, however few objects they made: who sends 50 KB at a time
# makes 12 MB of it before the collector, which counts objects, has its turn.
_LITTER = 2 << 20
_SENDS = 4096  # in one go; what remains waits for the next tick, so that reading is not starved


class Watcher(Protocol):
    """Whoever has a descriptor in the loop."""

    def ready(self, events: int) -> None: ...


class Figures(NamedTuple):
    """What a loop has done since it was made; the last two are of now and since last asked."""

    ticks: int
    busy: float  # seconds spent in ticks
    sends: int
    deliveries: int  # packets told to somebody in a room
    dropped: int  # clients that did not read
    malformed: int  # packets no client may send; each ended its connection
    backlog: int  # bytes kept for clients that do not read fast enough
    longest: float  # seconds, of one tick


class Loop:
    def __init__(self, hub: Any) -> None:
        self.hub = hub
        self.crew = Crew(hub)
        self.later = Later(self)
        self._epoll = _select.epoll()
        self._watchers: dict[int, Watcher] = {}
        self._dirty: list[Any] = []
        self._patient: list[tuple[Any, bytes]] = []  # who can wait, with what: see speak_soon
        self._releasing = False
        self._busy_until = 0  # the number of a tick
        self._at_end: list[Callable[[], None]] = []
        self._in_tick = self._armed = False
        self.ticks = self.sends = self.deliveries = 0
        self.dropped = self.malformed = self.backlog = 0
        self.busy = self._longest = 0.0
        self.litter = 0  # bytes heard since garbage was last looked for because of them
        hub.add(hub.READ, self._epoll.fileno(), self._tick, self._lost, None)

    def watch(self, fd: int, watcher: Watcher, events: int) -> None:
        self._watchers[fd] = watcher
        self._epoll.register(fd, events)

    def change(self, fd: int, events: int) -> None:
        self._epoll.modify(fd, events)

    def forget(self, fd: int) -> None:
        """Before the descriptor is closed: another may have its number a moment later."""
        del self._watchers[fd]
        self._epoll.unregister(fd)

    def at_end_of_tick(self, flush: Callable[[], None]) -> None:
        """Call this before every flush, for ever."""
        self._at_end.append(flush)

    def speak(self, speaker: Speaker, data: bytes) -> None:
        """Say this at the end of the tick, after what was said before."""
        out = speaker.out
        if out is None:
            speaker.out = data
            self._dirty.append(speaker)
            self.arm()
        else:
            speaker.out = out + data

    def speak_soon(self, speaker: Speaker, data: bytes) -> None:
        """The same; while much is going on, with what else there will be to say to this client
        within 20 ms.

        To whoever sent a message the log brings it back some ticks after its acknowledgement: one
        send for both, 4.1 instead of 4.9 to a message in a room of four, and nobody hears it later.
        """
        if self.ticks < self._busy_until and speaker.out is None:
            speaker.out = data
            self._patient.append((speaker, data))
            if not self._releasing:
                self._releasing = True
                self.hub.schedule_call_global(_SOON, self._release)
        else:
            self.speak(speaker, data)

    def tell(self, speakers: Iterable[Any], data: bytes) -> None:
        """The same to many. Those with equal output go on sharing one object: it is joined once."""
        dirty = self._dirty.append
        before: bytes | None = None
        after = data
        for speaker in speakers:
            out = speaker.out
            if out is None:
                speaker.out = data
                dirty(speaker)
            elif out is before:
                speaker.out = after
            else:
                before = out
                speaker.out = after = out + data
        self.arm()

    def figures(self) -> Figures:
        longest, self._longest = self._longest, 0.0
        return Figures(
            self.ticks,
            self.busy,
            self.sends,
            self.deliveries,
            self.dropped,
            self.malformed,
            self.backlog,
            longest,
        )

    def arm(self) -> None:
        """See to it that this tick, or one that begins soon, ends with a flush."""
        if not self._armed and not self._in_tick:
            self._armed = True
            self.hub.schedule_call_global(0, self._flush_alone)

    def _tick(self, _fd: int) -> None:
        began = perf_counter()
        self._in_tick = True
        try:
            ready = self._epoll.poll(0, _EVENTS)
            if len(ready) >= _MUCH:
                self._busy_until = self.ticks + _LATELY
            for fd, events in ready:
                watcher = self._watchers.get(fd)  # None: gone since, by the hand of another
                if watcher is not None:
                    try:
                        watcher.ready(events)
                    except Exception:
                        log.exception("connection failed")
                        self._abandon(fd, watcher)
        finally:
            self._in_tick = False
            self._flush()
            if self.litter > _LITTER:
                self.litter = 0
                gc.collect(0)
        self._count(perf_counter() - began)

    def _flush_alone(self) -> None:
        began = perf_counter()
        self._armed = False
        self._flush()
        self._count(perf_counter() - began)

    def _release(self) -> None:
        self._releasing = False
        self._dirty += [speaker for speaker, _ in self._patient]
        self._patient = []
        self._flush_alone()

    def say_what_waits(self, speakers: Iterable[Any]) -> None:
        """To those who were told nothing else by now."""
        for speaker in speakers:
            if speaker.later is not None and speaker.out is None:
                speaker.out = b""
                self._dirty.append(speaker)
        self._flush_alone()

    def _count(self, seconds: float) -> None:
        self.ticks += 1
        self.busy += seconds
        self._longest = max(self._longest, seconds)

    def _flush(self) -> None:
        for flush in self._at_end:
            flush()
        dirty = self._dirty
        if self._patient:
            dirty += [speaker for speaker, first in self._patient if speaker.out is not first]
            self._patient = [each for each in self._patient if each[0].out is each[1]]
        self._dirty = dirty[_SENDS:]
        if self._dirty:
            del dirty[_SENDS:]
            self.arm()
        for speaker in dirty:
            data, speaker.out = speaker.out, None
            if data is not None:  # None: it was in a hurry
                if speaker.later is not None:
                    data, speaker.later = speaker.later + data, None
                _send(speaker, data)
        self.sends += len(dirty)

    def _abandon(self, fd: int, watcher: Any) -> None:
        """A fault of ours must not spin: whoever it concerns is let go."""
        try:
            watcher.fail()
        except Exception:
            log.exception("connection could not be let go")
            self._watchers.pop(fd, None)
            self._epoll.unregister(fd)

    def _lost(self, *_error: Any) -> None:
        log.critical("the hub has lost our epoll: this worker is deaf")


def _send(speaker: Speaker, data: bytes) -> None:
    if speaker.blocked:
        speaker.defer(data)
        return
    try:
        sent = speaker.sock.send(data)  # type: ignore[union-attr]
    except BlockingIOError:
        sent = 0
    except OSError:
        speaker.broke()
        return
    if sent != len(data):
        speaker.defer(data[sent:])


_loops: dict[int, Loop] = {}


def current() -> Loop:
    """The loop of this thread's hub; made when first asked for, so after the fork."""
    hub = hubs.get_hub()
    loop = _loops.get(id(hub))
    if loop is None or loop.hub is not hub:
        loop = _loops[id(hub)] = Loop(hub)
    return loop
