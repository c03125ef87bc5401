"""Catching up, looking back, and writing down."""

from __future__ import annotations

from datetime import UTC, datetime

from chatapp import bus, logs
from chatapp.actions import access
from chatapp.errors import Busy, InvalidPayload
from chatapp.store import (
    backlog,
    limits,
    lives,
    presence,
    read_markers,
    record,
    replies,
    room_log,
    shard_log,
    sidebar,
    timeline,
)
from chatapp.store.shard_log import Entry
from chatapp.types import Caller, CatchUp, Event, Head, Page, Room, RoomSummary

log = logs.get(__name__)

PAGE = 50  # messages of a snapshot
MOST_MISSED = 1_000  # events a client catches up on; beyond it a snapshot is shorter
EVENTS_AT_ONCE = 200
HELPING = 100  # entries of a shard that a web worker writes down at once
MOST_TRIES = 5  # refusals until an event is put with the dead letters


# --- catching up ---------------------------------------------------------------------------------


def resume(caller: Caller, *, room_id: str, epoch: str | None, after: int | None) -> CatchUp:
    """What the caller missed in a room since `after`, all of it or a new start; never a part.

    The socket has joined the room's channel before it asks: an event in between comes twice, not
    never.
    """
    limits.take("resume", caller)
    room = Room(caller.tenant_id, room_id)
    head, members = room_log.stand_among(room, caller.user_id)
    states = presence.online(caller.tenant_id, members)
    missed = None
    if after is not None and epoch == head.epoch and 0 <= head.seq - after <= MOST_MISSED:
        missed = _events(room, head, after)
    if missed is None:
        page = timeline.newest(room, head, count=PAGE)
        return CatchUp(head, False, page=page, room=_summary(caller, room_id), presence=states)
    at_once = missed[:EVENTS_AT_ONCE]
    return CatchUp(head, True, at_once, has_more=len(missed) > len(at_once), presence=states)


def page(caller: Caller, *, room_id: str, anchor: str, before: int, after: int) -> Page:
    """Messages around an anchor: newest, first_unread, a seq, or date:YYYY-MM-DD (UTC)."""
    room = access.room(caller, room_id)
    head = room_log.stand(room)
    if anchor == "newest":
        return timeline.newest(room, head, count=before)
    seq = min(_seq_of(caller, room, anchor), head.seq)  # no number of ours is larger
    return timeline.around(room, head, anchor=seq, before=before, after=after)


def _events(room: Room, head: Head, after: int) -> list[Event] | None:
    """Every event after `after`: from the log while it reaches back, else from the record, else None."""
    if after == head.seq:
        return []
    events = room_log.since(room, after, at_most=MOST_MISSED)
    if after + len(events) >= head.seq:
        return events if _whole(events, after) else None
    try:
        events = timeline.events_between(room, after, head.seq)
    except Busy:
        return None
    events += room_log.since(room, events[-1].seq if events else after, at_most=MOST_MISSED)
    return events if _whole(events, after) and after + len(events) >= head.seq else None


def _whole(events: list[Event], after: int) -> bool:
    return all(event.seq == after + n for n, event in enumerate(events, 1))


def _summary(caller: Caller, room_id: str) -> RoomSummary | None:
    """None while the database is down: the room's name is on the screen already, its messages matter more."""
    try:
        found = sidebar.rooms_of(caller, [room_id])
    except Busy:
        return None
    return found[0] if found else None


def _seq_of(caller: Caller, room: Room, anchor: str) -> int:
    if anchor.isdecimal():
        return int(anchor)
    if anchor == "first_unread":
        return sidebar.rooms_of(caller, [room.id])[0].read_seq
    if anchor.startswith("date:"):
        try:
            day = datetime.strptime(anchor, "date:%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            pass
        else:
            return (timeline.seq_at(room, day.isoformat()) or 1) - 1
    raise InvalidPayload(
        details={"anchor": ["Use newest, first_unread, a seq or date:YYYY-MM-DD."]}
    )


# --- writing down --------------------------------------------------------------------------------


def persist_batch(*, at_most: int) -> int:
    """Write down what waits in the shard logs: how many entries were finished.

    Write, then acknowledge: dying in between costs a second write, never an event. Raises Busy
    without the database; then nothing is acknowledged and nothing is trimmed.
    """
    return sum(_persist_shard(shard, at_most) for shard in shard_log.shards())


def help_out() -> None:
    """Write down what has waited too long: Celery and its clock may be away. In small batches, for
    this worker's people wait meanwhile.
    """
    for shard in backlog.overdue():
        while _persist_shard(shard, at_most=HELPING):
            pass


def _persist_shard(shard: int, at_most: int) -> int:
    with shard_log.writing(shard) as ours:
        if not ours:
            return 0
        entries = shard_log.take(shard, at_most=at_most)
        finished = _write(entries)
        if finished:
            shard_log.done(finished)
        read_markers.write_down(shard, at_most=at_most)
        return len(finished)


def _write(entries: list[Entry]) -> list[Entry]:
    """All at once; when something in there is poisonous, room by room and one by one to find it."""
    events = [entry.event for entry in entries if entry.event]
    try:
        if len(events) == len(entries):
            _write_down(events)
            return entries
    except Busy:
        raise
    except Exception as error:
        log.warning("batch refused, writing one by one", error=repr(error), entries=len(entries))
    return _write_one_by_one(entries)


def _write_one_by_one(entries: list[Entry]) -> list[Entry]:
    finished, held_up = [], set()
    for entry in entries:
        room = entry.event.room if entry.event else None
        if room in held_up:
            continue  # in order: it waits for the one before it
        if _write_one(entry):
            finished.append(entry)
        elif room:
            held_up.add(room)
    return finished


def _write_one(entry: Entry) -> bool:
    """True when the entry needs no more work: written, or put with the dead letters."""
    try:
        if entry.event is None:
            raise ValueError(entry.flaw)
        _write_event(entry.event)
        return True
    except Busy:
        raise
    except record.NumberTaken as error:
        lives.new_life(entry.shard, entry.id)  # before it gives more of them
        return _bury(entry, error)
    except Exception as error:
        return shard_log.failed(entry) >= MOST_TRIES and _bury(entry, error)


def _write_event(event: Event) -> None:
    """Also what the record lacks before it, if the room's log still has that: a database that
    crashed, or was put back from a copy, may have less than it had.
    """
    try:
        _write_down([event])
    except record.OutOfOrder as hole:
        missing = room_log.since(event.room, hole.applied, at_most=event.seq - hole.applied)
        log.warning("record had a hole", room_id=event.room_id, events=len(missing))
        _write_down([*missing, event])


def _write_down(events: list[Event]) -> None:
    """And finish what ends a run, before it is acknowledged: who said it may have died."""
    room_log.mark_applied(record.write(events))
    for event in events:
        if ended := replies.conclude(event):
            bus.reply_ended(ended.run, outcome=ended.outcome, length=ended.length)


def _bury(entry: Entry, error: Exception) -> bool:
    log.error("event cannot be written down", entry=entry.id, error=repr(error))
    name = f"{entry.shard}:{entry.id}"
    record.bury(name, entry.raw, repr(error), entry.event, datetime.now(UTC))
    return True
