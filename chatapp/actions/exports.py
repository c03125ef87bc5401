"""Taking a room's history away, as whoever is in it may read it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

from chatapp import auth
from chatapp.actions import access
from chatapp.store import limits, memberships, room_log, rooms, timeline, users
from chatapp.types import Caller, Head, Message, RoomRecord

PAGE = 200  # messages held at a time, however many there are
_NAMED = 5  # people a conversation without a name is called after


class History(NamedTuple):
    """All that was said in a room until now."""

    room: RoomRecord
    title: str
    pages: Iterator[
        list[Message]
    ]  # oldest first, as it stands; what was taken back without its words


def take(caller: Caller, *, room_id: str) -> History:
    """Who is put out of the room while they read gets no more of it, nor does who is signed out:
    then the pages end with RoomNotFound, NotSignedIn or Blocked; with Busy when a server is away.
    Raises RoomNotFound, TooFast, Busy.
    """
    room = access.room(caller, room_id)
    limits.take("export", caller)
    record = rooms.find(room.tenant_id, room.id)
    assert record is not None
    return History(record, _title(caller, record), _pages(caller, room_id, room_log.stand(room)))


def names(caller: Caller, user_ids: set[str]) -> dict[str, str]:
    """What these people are called."""
    return {user.id: user.name for user in users.named(caller.tenant_id, sorted(user_ids))}


def _pages(caller: Caller, room_id: str, head: Head) -> Iterator[list[Message]]:
    seq, more = 0, True
    while more:
        auth.confirm(caller)
        room = access.room(caller, room_id)
        page = timeline.around(room, head, anchor=seq, before=0, after=PAGE)
        shown = [message for message in page.messages if message.seq <= head.seq]
        if shown:
            yield shown
            seq = shown[-1].seq
        more = page.has_after and len(shown) == len(page.messages)
        time.sleep(0)  # a fast reader must not keep the worker's other people waiting


def _title(caller: Caller, room: RoomRecord) -> str:
    if room.name:
        return room.name
    if room.kind == "assistant":
        return "Conversation with the assistant"
    inside = memberships.page(caller.tenant_id, room.id, after=None, limit=_NAMED + 1)
    others = [member.name for member in inside if member.user_id != caller.user_id]
    return ", ".join(others[:_NAMED]) or caller.name
