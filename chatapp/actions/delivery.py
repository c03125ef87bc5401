"""From the shard logs to the screens: each worker tells its own people what every log says."""

from __future__ import annotations

from chatapp import bus, jobs, logs, metrics
from chatapp.errors import Busy
from chatapp.store import cold_rooms, local, room_log, shard_log, tail
from chatapp.types import Event, Head, Room

log = logs.get(__name__)

_WAIT = 1_000  # ms a read of the logs waits for news


def deliver(*, wait: int = _WAIT) -> int:
    """Tell what is new, waiting up to `wait` ms for it: how many events.

    Begins at the newest entries: whoever connects later catches up by room:resume. Raises Busy while Redis is away.
    """
    here = tail.here()
    try:
        if here.doubtful:
            _recover(here)
        entries = shard_log.follow(here.last, wait=wait)
    except Busy:
        here.doubtful = True
        raise
    for entry in entries:
        here.last[entry.shard] = entry.id
        if entry.event:
            _tell(entry.event)
    here.read()
    if entries:
        jobs.persist()
    return len(entries)


def tell_heads() -> None:
    """Say where every live room stands, if that changed: how a client finds out what it lost. Raises Busy."""
    here, rooms = tail.here(), local.live_rooms()
    heads = room_log.heads(rooms)
    for room in rooms:
        head = heads[room] = heads.get(room) or _wake(room)
        before = here.told.get(room)
        if before and before.epoch != head.epoch:
            bus.room_reset(room, head.epoch)
        if before != head:
            bus.room_head(room, head)
    here.told = heads


def tell_stale() -> None:
    """Say so when this worker's people no longer see what is said elsewhere, and when they do again."""
    here = tail.here()
    metrics.tailer_lag.set(here.lag)
    if here.stale != here.told_stale:
        here.told_stale = here.stale
        bus.connection_stale(here.stale)


def _recover(here: tail.Tail) -> None:
    """After an outage: does Redis still have what it had, and have the logs what we did not read?"""
    newest, oldest = shard_log.newest(), shard_log.oldest()
    for shard, last in here.last.items():
        if _place(newest[shard]) < _place(last):
            log.warning("redis came back with less than it had", shard=shard)
            shard_log.new_life(shard, shard_log.run_id())
            here.last[shard] = newest[shard]
        elif _place(oldest[shard]) > _place(last) != (0, 0):
            log.warning("away for longer than the log is kept", shard=shard)
            here.told.clear()  # every head is told anew, and sends its people to resume
    here.doubtful = False
    tell_heads()


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
