"""What somebody has read, and what is left to read."""

from __future__ import annotations

from chatapp import bus
from chatapp.store import read_markers, room_log, sidebar
from chatapp.types import Caller, Listing, Room, RoomSummary

AT_ONCE = 100  # rooms in one answer


def page_of_ids(caller: Caller, *, after: str = "") -> tuple[list[str], str | None]:
    """The ids of the caller's rooms, and where the next page begins; `after` is the last seen."""
    found = sidebar.page_of_ids(caller, after=after, limit=AT_ONCE + 1)
    shown = found[:AT_ONCE]
    return shown, shown[-1] if len(found) > AT_ONCE else None


def room_ids(caller: Caller, *, room_ids: list[str]) -> list[str]:
    """Those of these ids that are the caller's rooms."""
    return sidebar.ids_of(caller, room_ids)


def rooms(caller: Caller, *, room_ids: list[str]) -> list[RoomSummary]:
    """Where each of these rooms stands; what is not the caller's is left out."""
    return sidebar.rooms_of(caller, room_ids)


def page(caller: Caller, *, after: tuple[str, str] | None = None) -> Listing:
    """The caller's rooms and where each stands."""
    shown, more = page_of_ids(caller, after=after[1] if after else "")
    return Listing(rooms(caller, room_ids=shown), ("", more) if more else None)


def move(caller: Caller, *, room_id: str, seq: int) -> dict[str, int]:
    """Move the caller's marker forward, and tell their other tabs."""
    room = Room(caller.tenant_id, room_id)
    mark = read_markers.move(room, caller.user_id, seq)
    unread, mentions = sidebar.unread(room, caller.user_id, mark, room_log.stand(room))
    bus.read_moved(caller, room, seq=mark, unread=unread, mentions=mentions)
    return {"seq": mark, "unread": unread, "mentions": mentions}
