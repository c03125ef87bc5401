"""Saying something, changing it, taking it back."""

from __future__ import annotations

from uuid_utils import uuid7

from chatapp import metrics, text
from chatapp.errors import InvalidPayload, NotAllowed, NotFound, RoomNotFound, TooLarge
from chatapp.store import directory, memberships, room_log, timeline
from chatapp.types import Caller, Draft, Event, Message, Room

MOST_CHARACTERS = 5_000
MOST_BYTES = 20_000


def send(caller: Caller, *, room_id: str, client_id: str, body: str) -> tuple[str, bool]:
    """Keep the message; True when its client_id was kept before, then with the first event. That is
    JSON as the logs have it: who sent it wants it so.

    The workers' tailers tell the room, and wake the writers of the record. There is no access.room
    here: the script that keeps the message checks membership itself, so that a send costs one round
    trip. Raises RoomNotFound, TooLarge, TooFast, Conflict, Busy.
    """
    room = Room(caller.tenant_id, room_id)
    words = _checked(body)
    data = {"body": words, "mentions": directory.mentioned(caller.tenant_id, words)}
    draft = Draft("message:created", str(uuid7()), caller.user_id, data, client_id)
    event, fresh = room_log.keep(room, draft, limited=True)
    if fresh:
        metrics.tally(metrics.messages_sent)
    return event, not fresh


def edit(caller: Caller, *, message_id: str, body: str, revision: int) -> Event:
    """Change one's own message. Raises Conflict unless `revision` is the current one."""
    message = _found(caller, message_id)
    if message.author_id != caller.user_id:
        raise NotAllowed("Only its author can edit a message.")
    words = _checked(body)
    data = _revised(message, revision) | {
        "body": words,
        "mentions": directory.mentioned(caller.tenant_id, words),
    }
    return _revise(caller, message, "message:edited", data, revision)


def remove(caller: Caller, *, message_id: str, revision: int) -> Event:
    """Take back one's own message, or anybody's as an administrator of the room or the workspace."""
    message = _found(caller, message_id)
    if message.author_id != caller.user_id and not _moderates(caller, message.room_id):
        raise NotAllowed("Only its author or an administrator can remove a message.")
    return _revise(caller, message, "message:removed", _revised(message, revision), revision)


def _revise(
    caller: Caller, message: Message, kind: str, data: dict[str, object], revision: int
) -> Event:
    room = Room(caller.tenant_id, message.room_id)
    draft = Draft(kind, str(uuid7()), caller.user_id, data)
    event, _ = room_log.append(
        room, draft, limited=True, revises=(message.id, revision, message.revision)
    )
    return event


def _revised(message: Message, revision: int) -> dict[str, object]:
    return {"message_id": message.id, "message_seq": message.seq, "revision": revision + 1}


def _found(caller: Caller, message_id: str) -> Message:
    """A message of a room the caller is in, from the record, or from the log when it is that young."""
    unknown = NotFound("There is no such message.")
    message = timeline.find(caller.tenant_id, message_id)
    if message is None or message.removed_at:
        raise unknown
    try:
        room_log.stand(Room(caller.tenant_id, message.room_id), caller.user_id)
    except RoomNotFound:
        raise unknown from None  # another answer would tell a stranger that it exists
    return message


def _moderates(caller: Caller, room_id: str) -> bool:
    role = memberships.role(caller.tenant_id, room_id, caller.user_id)
    return caller.is_admin or role == "admin"


def _checked(body: str) -> str:
    if len(body) > 4 * MOST_CHARACTERS:  # before the costly cleaning
        raise TooLarge
    words = text.clean(body)
    if not words:
        raise InvalidPayload("Write something first.", details={"body": ["It is empty."]})
    if len(words) > MOST_CHARACTERS or len(words.encode()) > MOST_BYTES:
        raise TooLarge
    return words
