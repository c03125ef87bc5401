"""The only way from an id to an object: what the caller may not know of does not exist."""

from __future__ import annotations

from chatapp.errors import NotAllowed, NotFound, RoomNotFound
from chatapp.store import documents, memberships, rooms, users
from chatapp.types import Caller, Document, Room, RoomRecord, User


def room(caller: Caller, room_id: str) -> Room:
    """A room the caller is in. Raises RoomNotFound."""
    if _role(caller, room_id) is None:
        raise RoomNotFound
    return Room(caller.tenant_id, room_id)


def visible_room(caller: Caller, room_id: str) -> RoomRecord:
    """A room the caller is in, or could join. Raises RoomNotFound."""
    record = rooms.find(caller.tenant_id, room_id)
    if record is None or not (
        record.kind == "public" or _role(caller, room_id) or caller.is_operator
    ):
        raise RoomNotFound
    return record


def governed_room(caller: Caller, room_id: str) -> RoomRecord:
    """A room the caller may change: they are its administrator, or the workspace's and it is
    public or theirs. The operator may change all but direct ones.

    Raises RoomNotFound, NotAllowed.
    """
    record = visible_room(caller, room_id)
    role = _role(caller, room_id)
    if role is None and not caller.is_admin:
        raise RoomNotFound  # as for any room they are not in
    if record.kind == "direct" or not (role == "admin" or caller.is_admin):
        raise NotAllowed
    return record


def person(caller: Caller, user_id: str) -> User:
    """Somebody of the caller's workspace. Raises NotFound."""
    user = users.find(caller.tenant_id, user_id)
    if user is None:
        raise NotFound("There is no such person.")
    return user


def document(caller: Caller, document_id: str) -> Document:
    """A document of the caller's workspace. Raises NotFound."""
    found = documents.find(caller.tenant_id, document_id)
    if found is None:
        raise NotFound("There is no such document.")
    return found


def administration(caller: Caller) -> None:
    """Raises NotAllowed unless the caller administers the workspace."""
    if not caller.is_admin:
        raise NotAllowed("Only an administrator of the workspace can do that.")


def _role(caller: Caller, room_id: str) -> str | None:
    return memberships.role(caller.tenant_id, room_id, caller.user_id)
