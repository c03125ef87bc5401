"""From the shard logs to the screens: each worker tells its own people what every log says."""

from __future__ import annotations

from contextlib import suppress

from chatapp import bus, jobs, metrics
from chatapp.errors import Busy, RoomNotFound
from chatapp.store import codec, cold_rooms, lives, local, room_log, shard_log, tail
from chatapp.types import Head, Room

_WAIT = 1_000  # ms a read of the logs waits for news


def deliver(*, wait: int = _WAIT) -> int:
    """Tell what is new, waiting up to `wait` ms for it: how many events.

    Begins at the newest entries: whoever connects later catches up by room:resume. Raises Busy while Redis is away.
    """
    here = tail.here()
    try:
        if here.doubtful:
            _recover(here)
        news = shard_log.follow(here.last, wait=wait)
    except Busy:
        here.doubtful = True
        raise
    told = 0
    for each in news:
        here.last[each.shard] = each.id
        told += _tell(each)
    metrics.tally(metrics.deliveries, told)
    here.read()
    here.unwritten = (here.unwritten or bool(news)) and not jobs.persist()
    return len(news)


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


def _tell(news: shard_log.News) -> bool:
    """To the room; and what concerns somebody's membership to that person, whatever they follow.

    False for what is no event of ours: that is for the record to complain about.
    """
    address = codec.address(news.tenant_id, news.json)
    if address is None:
        return False
    kind, room = address
    if not kind.startswith("member:"):
        bus.tell(kind, room, news.json)
        return True
    user_id = codec.load(news.tenant_id, news.json).data["user_id"]
    bus.tell(kind, room, news.json, bus.user_channel(room.tenant_id, user_id))
    if kind == "member:left":
        for connection in local.of_user(room.tenant_id, user_id):
            connection.rooms.discard(room.id)
            bus.leave(connection.sid, room.channel)
    return True


def _wake(cold: list[Room], heads: dict[Room, Head]) -> None:
    """Bring these rooms back, as far as the record can be asked; the next round tries the others."""
    with suppress(Busy):
        for room in cold:
            with suppress(RoomNotFound):
                cold_rooms.warm(room)
                heads[room] = room_log.stand(room)
