"""What somebody has read, and what is left to read."""

from __future__ import annotations

from chatapp import bus
from chatapp.store import read_markers, room_log, sidebar
from chatapp.types import Caller, Room, RoomSummary


def room_ids(caller: Caller, *, room_ids: list[str] | None = None) -> list[str]:
    """The ids of the caller's rooms, or of those of them that are named."""
    return sidebar.ids_of(caller, room_ids)


def rooms(caller: Caller, *, room_ids: list[str] | None = None) -> list[RoomSummary]:
    """The caller's rooms (or those named; what is not theirs is left out) and where each stands."""
    return sidebar.rooms_of(caller, room_ids)


def move(caller: Caller, *, room_id: str, seq: int) -> dict[str, int]:
    """Move the caller's marker forward, and tell their other tabs."""
    room = Room(caller.tenant_id, room_id)
    mark = read_markers.move(room, caller.user_id, seq)
    unread, mentions = sidebar.unread(room, caller.user_id, mark, room_log.stand(room))
    bus.read_moved(caller, room, seq=mark, unread=unread, mentions=mentions)
    return {"seq": mark, "unread": unread, "mentions": mentions}
