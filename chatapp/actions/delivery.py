"""From the shard logs to the screens: each worker tells its own people what every log says."""

from __future__ import annotations

from time import monotonic

from chatapp import bus, jobs, logs, metrics
from chatapp.errors import Busy
from chatapp.store import cold_rooms, local, room_log, shard_log
from chatapp.types import Event, Head, Room

log = logs.get(__name__)

_WAIT = 1_000  # ms a read of the logs waits for news


class Tail:
    """Where this worker stands in the shard logs, and what it told last.

    Begins at the newest entries: whoever connects later catches up by room:resume.
    """

    def __init__(self) -> None:
        self._last = shard_log.newest()
        self._told: dict[Room, Head] = {}
        self._read_at = monotonic()
        self._broken = False

    def lag(self) -> float:
        """Seconds since the logs were last read to their end, or tried to with success."""
        return max(0.0, monotonic() - self._read_at - _WAIT / 1000)

    def deliver(self, *, wait: int = _WAIT) -> int:
        """Tell what is new, waiting up to `wait` ms for it: how many events. Raises Busy while Redis is away."""
        try:
            if self._broken:
                self._recover()
            entries = shard_log.follow(self._last, wait=wait)
        except Busy:
            self.broken()
            raise
        for entry in entries:
            self._last[entry.shard] = entry.id
            if entry.event:
                _tell(entry.event)
        self._read_at = monotonic()
        if entries:
            jobs.persist()
        return len(entries)

    def broken(self) -> None:
        """Before the logs are read again, look whether they are still the ones we knew."""
        self._broken = True

    def tell_heads(self) -> None:
        """Say where every live room stands, if that changed: how a client finds out what it lost. Raises Busy."""
        rooms = local.live_rooms()
        heads = room_log.heads(rooms)
        for room in rooms:
            head = heads.get(room) or _wake(room)
            before = self._told.get(room)
            if before and before.epoch != head.epoch:
                bus.room_reset(room, head.epoch)
            if before != head:
                bus.room_head(room, head)
        self._told = {room: heads[room] for room in rooms if room in heads}

    def _recover(self) -> None:
        """After an outage: does Redis still have what it had, and have the logs what we did not read?"""
        newest, oldest = shard_log.newest(), shard_log.oldest()
        for shard, last in self._last.items():
            if _place(newest[shard]) < _place(last):
                log.warning("redis came back with less than it had", shard=shard)
                shard_log.new_life(shard, shard_log.run_id())
                self._last[shard] = newest[shard]
            elif _place(oldest[shard]) > _place(last) != (0, 0):
                log.warning("away for longer than the log is kept", shard=shard)
                self._told.clear()  # every head is told anew, and sends its people to resume
        self._broken = False
        self.tell_heads()


def tell_stale(stale: bool) -> None:
    """Whether this worker's people see what is said elsewhere."""
    bus.connection_stale(stale)


def _tell(event: Event) -> None:
    """To the room; and what concerns somebody's membership to that person, whatever they follow."""
    metrics.deliveries.inc()
    if not event.type.startswith("member:"):
        bus.tell(event)
        return
    user_id = event.data["user_id"]
    bus.tell(event, bus.user_channel(event.tenant_id, user_id))
    if event.type == "member:left":
        for connection in local.of_user(event.tenant_id, user_id):
            connection.rooms.discard(event.room_id)
            bus.leave(connection.sid, event.room.channel)


def _wake(room: Room) -> Head:
    cold_rooms.warm(room)
    return room_log.stand(room)


def _place(entry_id: str) -> tuple[int, int]:
    ms, _, n = entry_id.partition("-")
    return int(ms), int(n)
