"""A client as docs/protocol.md demands it, that remembers everything it did and was shown.

`Crowd` runs any number of them in one thread of its own; tests look at them from theirs.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

from uuid_utils import uuid7

from tests.live.wire import Refused, Wire

_GAP_PATIENCE = 0.3  # seconds
_FRUITLESS_TRIES = 3
_LONGEST_PAUSE = 30.0

Answer = TypeVar("Answer")


class Line(NamedTuple):
    """A message on the screen."""

    seq: int
    id: str
    author_id: str
    client_id: str | None
    body: str


class Unsent:
    """What its author holds until the record has it."""

    def __init__(self, body: str) -> None:
        self.client_id, self.body = str(uuid7()), body
        self.written_at = time.monotonic()
        self.acknowledged: dict[str, Any] | None = None  # the event
        self.repaired = False  # said again, because the log had lost it
        self.waited = 0.0  # seconds from writing it to its first acknowledgement


class Room:
    """One room as one client knows it: the screen and the outbox."""

    def __init__(self, client: Client, room_id: str) -> None:
        self.client, self.id = client, room_id
        self.epoch, self.seq = "", 0
        self.began_at = 0  # the newest number when the room was first opened
        self.screen: list[Line] = []
        self.ever_shown: set[str] = set()  # ids
        self.wrongs: list[str] = []  # what a person would have seen go wrong
        self.started_over = 0
        self.resumed = 0
        self.outbox: list[Unsent] = []  # in order; acknowledged ones stay until they are recorded
        self.sent: list[Unsent] = []  # everything ever acknowledged
        self.answers: list[tuple[float, str]] = []  # of each try: seconds, "ok" or the error's code
        self.failed: list[tuple[Unsent, str]] = []
        self.numbers: dict[int, str] = {}  # which event each was given to, in any epoch
        self._on_screen: set[str] = set()
        self._aside: dict[int, dict[str, Any]] = {}
        self._fruitless = self._head_seq = self._attempt = 0
        self._resuming: asyncio.Task[None] | None = None
        self._waiting: asyncio.TimerHandle | None = None
        self._wake = asyncio.Event()
        self._now = False
        self._sending = asyncio.create_task(self._send())

    @property
    def pending(self) -> int:
        """Messages that are not acknowledged yet."""
        return sum(each.acknowledged is None for each in self.outbox)

    def write(self, body: str) -> Unsent:
        unsent = Unsent(body)
        self.outbox.append(unsent)
        self._wake.set()
        return unsent

    def receive(self, event: dict[str, Any]) -> None:
        if self.numbers.setdefault(event["seq"], event["id"]) != event["id"]:
            self.wrongs.append(f"number used twice: {event}")
        if self.epoch and event["epoch"] != self.epoch:
            return self._start_over()
        if self.epoch and event["seq"] <= self.seq:
            return None
        self._aside[event["seq"]] = event
        if self.epoch:
            self._apply_aside()
        if self._aside:
            self._catch_up_soon()
        return None

    def head(self, head: dict[str, Any]) -> None:
        self._recorded(head["epoch"], head["applied"])
        if not self.epoch:
            return
        if head["epoch"] != self.epoch:
            self.reset(head["epoch"])
            return
        self._head_seq = max(self._head_seq, head["seq"])
        if self._head_seq > self.seq:
            self._catch_up_soon()

    def reset(self, epoch: str) -> None:
        self._another_life(epoch)
        if self.epoch and epoch != self.epoch:
            self._start_over()

    def connected(self) -> None:
        self.try_now()
        self.catch_up()

    def try_now(self) -> None:
        """What waits in the outbox: we are connected, or the server works again."""
        self._attempt = 0
        self._now = True
        self._wake.set()

    def catch_up(self) -> None:
        if self._waiting:
            self._waiting.cancel()
            self._waiting = None
        if self._resuming is None or self._resuming.done():
            self._resuming = asyncio.create_task(self._resume())

    def close(self) -> None:
        self._sending.cancel()
        if self._resuming:
            self._resuming.cancel()
        if self._waiting:
            self._waiting.cancel()

    # --- catching up -----------------------------------------------------------------------------

    async def _resume(self) -> None:
        more = True
        while more:
            epoch, after = self.epoch, self.seq
            asked = {"room_id": self.id} | ({"epoch": epoch, "after": after} if epoch else {})
            answer = await self.client.ask("room:resume", asked)
            if not answer["ok"]:
                return self._resume_failed(answer["error"])
            if epoch == self.epoch:
                self._take(answer["data"])
                more = answer["data"]["has_more"] and self.seq > after
        self._attempt = 0
        self._judge_gap()
        return None

    def _take(self, found: dict[str, Any]) -> None:
        self.resumed += 1
        snapshot = found["snapshot"]
        if snapshot:
            self._another_life(found["epoch"])
            self.began_at = self.began_at if self.ever_shown else snapshot["as_of"]
            self.epoch, self.seq, self._head_seq = found["epoch"], snapshot["as_of"], 0
            self.screen, self._on_screen = [], set()
            for each in snapshot["messages"]:
                self._show(
                    Line(
                        each["seq"], each["id"], each["author_id"], each["client_id"], each["body"]
                    )
                )
        for event in found["events"]:
            self._aside[event["seq"]] = event
        self._apply_aside()
        if found["epoch"] == self.epoch:
            self._head_seq = max(self._head_seq, found["seq"])

    def _apply_aside(self) -> None:
        self._aside = {seq: event for seq, event in self._aside.items() if seq > self.seq}
        while event := self._aside.pop(self.seq + 1, None):
            if event["epoch"] != self.epoch:
                return self._start_over()
            self.seq, self._fruitless = event["seq"], 0
            if event["type"] == "message:created":
                self._show(
                    Line(
                        event["seq"],
                        event["id"],
                        event["actor_id"],
                        event["client_id"],
                        event["data"]["body"],
                    )
                )
        return None

    def _show(self, line: Line) -> None:
        name = f"{line.author_id}/{line.client_id}"
        if line.id in self._on_screen or name in self._on_screen:
            self.wrongs.append(f"shown twice: {line}")
        if self.screen and line.seq <= self.screen[-1].seq:
            self.wrongs.append(f"out of order: {line} after {self.screen[-1]}")
        self.screen.append(line)
        self._on_screen |= {line.id, name}
        self.ever_shown.add(line.id)

    def _judge_gap(self) -> None:
        if not self._aside and self._head_seq <= self.seq:
            self._fruitless = 0
            return
        self._fruitless += 1
        if self._fruitless >= _FRUITLESS_TRIES:
            self._start_over()
        else:
            self._catch_up_soon()

    def _start_over(self) -> None:
        self.started_over += 1
        self.epoch, self._fruitless, self._head_seq = "", 0, 0
        self._aside.clear()
        self._catch_up_soon()

    def _catch_up_soon(self, seconds: float = _GAP_PATIENCE) -> None:
        def now() -> None:
            self._waiting = None
            if self._aside or self._head_seq > self.seq or not self.epoch:
                self.catch_up()

        if self._waiting is None:
            self._waiting = asyncio.get_running_loop().call_later(seconds, now)

    def _resume_failed(self, error: dict[str, Any]) -> None:
        if not error["retryable"]:
            self.wrongs.append(f"resume refused: {error}")
        elif self.client.wire is not None:  # else the next connection resumes
            pause = max(error.get("retry_after") or 0, min(_LONGEST_PAUSE, 2**self._attempt))
            self._attempt += 1
            loop = asyncio.get_running_loop()
            self._waiting = self._waiting or loop.call_later(pause, self.catch_up)

    # --- the outbox ------------------------------------------------------------------------------

    async def _send(self) -> None:
        """One message in flight; pauses of 1, 2, 4 … 30 s, ended early when it works again."""
        attempt = 0
        while True:
            unsent = next((each for each in self.outbox if each.acknowledged is None), None)
            if unsent is None or self.client.wire is None:
                attempt = 0
                self._wake.clear()
                await self._wake.wait()
                continue
            error = await self._try(unsent)
            if error is None:
                attempt = 0
            elif not error["retryable"]:
                self.outbox.remove(unsent)
                self.failed.append((unsent, error["code"]))
            elif await self._pause(_later(attempt, error)):
                attempt = 0
            else:
                attempt += 1

    async def _try(self, unsent: Unsent) -> dict[str, Any] | None:
        asked_at = time.monotonic()
        message = {"room_id": self.id, "client_id": unsent.client_id, "body": unsent.body}
        answer = await self.client.ask("message:send", message)
        now = time.monotonic()
        self.answers.append((now - asked_at, "ok" if answer["ok"] else answer["error"]["code"]))
        if not answer["ok"]:
            return dict(answer["error"])
        event = unsent.acknowledged = answer["data"]
        if not unsent.waited:
            unsent.waited = now - unsent.written_at
            self.sent.append(unsent)
        if event["duplicate"] and self.epoch and event["epoch"] != self.epoch:
            self.outbox.remove(unsent)  # kept since another life of the log: there is no more to do
        else:
            self.receive(event)
        return None

    async def _pause(self, seconds: float) -> bool:
        """Until it is over; True when it is better to try at once."""
        self._now = False
        until = time.monotonic() + seconds
        while not self._now and (left := until - time.monotonic()) > 0:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._wake.wait()
        return self._now

    def _recorded(self, epoch: str, applied: int) -> None:
        """The record holds everything up to `applied`: nothing can lose it any more."""
        self.outbox = [
            each
            for each in self.outbox
            if each.acknowledged is None
            or each.acknowledged["epoch"] != epoch
            or each.acknowledged["seq"] > applied
        ]

    def _another_life(self, epoch: str) -> None:
        """What only another life of the log had is said again."""
        for each in self.outbox:
            if each.acknowledged and each.acknowledged["epoch"] != epoch:
                each.acknowledged, each.repaired = None, True
        self._wake.set()


class Client:
    """Somebody with a page open. Connects again by itself, to any of its addresses."""

    def __init__(self, urls: Iterable[str], user_id: str, token: str, rooms: Iterable[str]) -> None:
        self.urls, self.user_id, self.token = list(urls), user_id, token
        self.wire: Wire | None = None
        self.ended = ""  # why, when the server ended the session
        self.connections = 0
        self.closings: list[tuple[float, float]] = []  # when we were told, the delay
        self.drops: list[float] = []  # when a connection was lost
        self.arrivals: list[float] = []  # when one was made
        self.stale: list[tuple[float, bool]] = []
        self.others: list[tuple[float, str, Any]] = []  # ephemeral events
        self.rooms = {room_id: Room(self, room_id) for room_id in rooms}
        self._promised: float | None = None
        self._living = asyncio.create_task(self._live())

    @property
    def room(self) -> Room:
        """The only one."""
        (room,) = self.rooms.values()
        return room

    async def ask(self, event: str, payload: object, within: float = 10.0) -> dict[str, Any]:
        if self.wire is None:
            return {"ok": False, "error": {"code": "busy", "retryable": True}}
        return await self.wire.ask(event, payload, within=within)

    def heard(self, name: str) -> list[Any]:
        return [payload for _, event, payload in self.others if event == name]

    def stays(self, seconds: float) -> bool:
        """Whether it has been let in for so long, and not sent away again."""
        return self.wire is not None and time.monotonic() - self.arrivals[-1] > seconds

    def close(self) -> None:
        self._living.cancel()
        for room in self.rooms.values():
            room.close()
        if self.wire:
            self.wire.close()

    async def _live(self) -> None:
        attempt = 0
        while not self.ended:
            pause = random.random() * min(_LONGEST_PAUSE, 2.0 ** (attempt + 1))
            attempt += 1
            try:
                wire = await Wire.open(random.choice(self.urls), self.token, self._hear)
            except Refused as refusal:
                error = refusal.error.get("data") or {}
                if not error.get("retryable", True):
                    self.ended = self.ended or error["code"]
                pause = error.get("retry_after") or pause
            except (OSError, TimeoutError):
                pass
            else:
                await self._be_connected(wire)
                pause, attempt = random.random() * 2, 1
                pause = pause if self._promised is None else self._promised
            self._promised = None
            if not self.ended:
                await asyncio.sleep(pause)

    async def _be_connected(self, wire: Wire) -> None:
        self.wire = wire
        self.connections += 1
        self.arrivals.append(time.monotonic())
        for room in self.rooms.values():
            room.connected()
        await wire.closed.wait()
        self.wire = None
        self.drops.append(time.monotonic())

    def _hear(self, name: str, payload: Any) -> None:
        if "seq" in payload and "type" in payload:
            if room := self.rooms.get(payload["room_id"]):
                room.receive(payload)
            return
        self.others.append((time.monotonic(), name, payload))
        if obey := self._ORDERS.get(name):
            obey(self, payload)

    def _stale(self, payload: dict[str, Any]) -> None:
        self.stale.append((time.monotonic(), payload["stale"]))
        if not payload["stale"]:  # nobody waits for the end of a pause that began before
            for room in self.rooms.values():
                room.try_now()

    def _closing(self, payload: dict[str, Any]) -> None:
        self.closings.append((time.monotonic(), payload["delay"]))
        self._promised = payload["delay"]

    def _ended(self, payload: dict[str, Any]) -> None:
        self.ended = payload["reason"]

    _ORDERS: ClassVar = {
        "room:head": lambda self, payload: self.rooms[payload["room_id"]].head(payload),
        "room:reset": lambda self, payload: self.rooms[payload["room_id"]].reset(payload["epoch"]),
        "connection:stale": _stale,
        "server:closing": _closing,
        "session:ended": _ended,
    }


class Crowd:
    """All the clients of a test; everybody leaves at the end of the `with` block."""

    def __init__(self) -> None:
        self.clients: list[Client] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.leave(*self.clients)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def join(self, urls: str | list[str], user_id: str, token: str, *rooms: str) -> Client:
        """Somebody more, on one of these addresses. Comes back at once: wait for what you need."""

        async def arrive() -> Client:
            return Client([urls] if isinstance(urls, str) else urls, user_id, token, rooms)

        client = self.run(arrive())
        self.clients.append(client)
        return client

    def leave(self, *clients: Client) -> None:
        async def close() -> None:
            for client in clients:
                client.close()
            await asyncio.sleep(0.05)  # let the cancelled end

        self.run(close())
        self.clients = [each for each in self.clients if each not in clients]

    def ask(self, client: Client, event: str, payload: object, within: float = 10) -> Any:
        return self.run(client.ask(event, payload, within))

    def write(self, client: Client, body: str, room_id: str | None = None) -> None:
        room = client.rooms[room_id] if room_id else client.room
        self.call(lambda: room.write(body))

    def tell(self, client: Client, event: str, payload: object) -> None:
        assert client.wire
        self._loop.call_soon_threadsafe(client.wire.tell, event, payload)

    def run(self, what: Awaitable[Answer]) -> Answer:
        async def wait() -> Answer:
            return await what

        return asyncio.run_coroutine_threadsafe(wait(), self._loop).result(60)

    def call(self, what: Callable[[], Answer]) -> Answer:
        """In the clients' thread, so that nothing moves meanwhile."""

        async def do() -> Answer:
            return what()

        return self.run(do())

    def chatter(self, a_second: float) -> Chatter:
        """Everybody writes in their rooms in turn, so much all together, while the block lasts."""
        return Chatter(self, a_second)


class Chatter:
    def __init__(self, crowd: Crowd, a_second: float) -> None:
        self._crowd, self._pause = crowd, 1 / a_second
        self._task: asyncio.Task[None] | None = None
        self.written = 0

    def __enter__(self) -> Self:
        async def begin() -> None:
            self._task = asyncio.create_task(self._talk())

        self._crowd.run(begin())
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        async def end() -> None:
            if self._task:
                self._task.cancel()

        self._crowd.run(end())

    async def _talk(self) -> None:
        rooms = [room for each in self._crowd.clients for room in each.rooms.values()]
        random.shuffle(rooms)
        began = time.monotonic()
        while True:
            while self.written * self._pause < time.monotonic() - began:
                rooms[self.written % len(rooms)].write(f"number {self.written}")
                self.written += 1
            await asyncio.sleep(self._pause / 2)


def _later(attempt: int, error: dict[str, Any]) -> float:
    pause = min(_LONGEST_PAUSE, 2.0**attempt) * (0.5 + random.random() / 2)
    return max(error.get("retry_after") or 0.0, pause)
