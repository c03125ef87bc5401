"""From the shard logs to the screens: each worker tells its own people what every log says."""

from __future__ import annotations

from contextlib import suppress

from chatapp import bus, jobs, metrics
from chatapp.errors import Busy, RoomNotFound
from chatapp.store import cold_rooms, lives, local, room_log, shard_log, tail
from chatapp.types import Event, Head, Room

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
    here.unwritten = (here.unwritten or bool(entries)) and not jobs.persist()
    return len(entries)


def tell_heads() -> None:
    """Say where every live room stands, if that changed: how a client finds out what it lost. Raises Busy."""
    here, rooms = tail.here(), local.live_rooms()
    heads = room_log.heads(rooms)
    _wake([room for room in rooms if room not in heads], heads)
    for room, head in heads.items():
        before = here.told.get(room)
        if before and before.epoch != head.epoch:
            bus.room_reset(room, head.epoch)
        if before != head:
            bus.room_head(room, head)
    here.told = {room: here.told[room] for room in rooms if room in here.told} | heads


def tell_stale() -> None:
    """Say so when this worker's people no longer see what is said elsewhere, and when they do again."""
    here = tail.here()
    metrics.tailer_lag.set(here.lag)
    if here.stale != here.told_stale:
        here.told_stale = here.stale
        bus.connection_stale(here.stale)


def _recover(here: tail.Tail) -> None:
    """After an outage: where Redis lost what we told already, go on from what it has."""
    newest = shard_log.newest()
    for shard in lives.examine():
        here.last[shard] = newest[shard]
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


def _wake(cold: list[Room], heads: dict[Room, Head]) -> None:
    """Bring these rooms back, as far as the record can be asked; the next round tries the others."""
    with suppress(Busy):
        for room in cold:
            with suppress(RoomNotFound):
                cold_rooms.warm(room)
                heads[room] = room_log.stand(room)
