from __future__ import annotations

from chatapp.actions import connections, history, reading
from chatapp.errors import RoomNotFound
from chatapp.schemas import (
    CatchUpPayload,
    FollowRooms,
    LeaveRoom,
    ReadMark,
    ReadRoom,
    ResumeRoom,
    RoomPayload,
)
from chatapp.sockets.door import event, sid
from chatapp.types import Caller

_caught_up = CatchUpPayload()
_rooms = RoomPayload(many=True)
_mark = ReadMark()


@event(FollowRooms)
def follow(caller: Caller, room_ids: list[str] | None, cursor: str) -> object:
    """Listen before reading where the rooms stand, as in resume."""
    if room_ids is None:
        mine, more = reading.page_of_ids(caller, after=cursor)
    else:
        mine, more = reading.room_ids(caller, room_ids=room_ids), None
    connections.listen_to_own(caller, sid=sid(), room_ids=mine)
    rooms = reading.rooms(caller, room_ids=mine)
    for lost in set(mine) - {room.id for room in rooms}:
        connections.ignore(caller, sid=sid(), room_id=lost)
    return {"rooms": _rooms.dump(rooms), "next": more}


@event(ResumeRoom)
def resume(caller: Caller, room_id: str, epoch: str | None, after: int | None) -> object:
    """Listen before reading the log: an event in between arrives twice, not never.

    The reading checks membership once more; who was removed meanwhile does not go on listening.
    """
    connections.listen(caller, sid=sid(), room_id=room_id)
    try:
        caught_up = history.resume(caller, room_id=room_id, epoch=epoch, after=after)
    except RoomNotFound:
        connections.ignore(caller, sid=sid(), room_id=room_id)
        raise
    return _caught_up.dump(caught_up)


@event(LeaveRoom)
def leave(caller: Caller, room_id: str) -> object:
    connections.ignore(caller, sid=sid(), room_id=room_id)
    return {}


@event(ReadRoom)
def read(caller: Caller, room_id: str, seq: int) -> object:
    return _mark.dump(reading.move(caller, room_id=room_id, seq=seq))
