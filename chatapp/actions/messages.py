"""Saying something, changing it, taking it back."""

from __future__ import annotations

from contextlib import suppress

from uuid_utils import uuid7

from chatapp import bus, jobs, metrics
from chatapp.errors import Busy, NotAllowed, NotFound, RoomNotFound, TooFast
from chatapp.store import (
    codec,
    directory,
    drafts,
    memberships,
    open_questions,
    pieces,
    room_log,
    runs,
    timeline,
)
from chatapp.types import Caller, Draft, Event, Message, Room, assistant_id


def send(caller: Caller, *, room_id: str, client_id: str, body: str) -> tuple[str, bool]:
    """Keep the message; True when its client_id was kept before, then with the first event. That is
    JSON as the logs have it: who sent it wants it so.

    The workers' tailers tell the room, and wake the writers of the record. There is no access.room
    here: the script that keeps the message checks membership itself, so that a send costs one round
    trip. Raises RoomNotFound, TooLarge, TooFast, Conflict, Busy.
    """
    room = Room(caller.tenant_id, room_id)
    draft = drafts.message(caller, client_id=client_id, body=body)
    asks = False
    if _names_the_assistant(room, draft):
        asks = open_questions.take(room.tenant_id, caller.user_id, draft.id)
        draft.data.update({"asks": True} if asks else {"unasked": TooFast.code})
    keep = open_questions.keep if asks else room_log.keep
    event, fresh = keep(room, draft, limited=True)
    if fresh:
        metrics.tally(metrics.messages_sent)
        if asks:
            bus.reply_waiting(runs.first(codec.load(room.tenant_id, event)))
            jobs.reply(room)
    return event, not fresh


def edit(caller: Caller, *, message_id: str, body: str, revision: int) -> Event:
    """Change one's own message. Raises Conflict unless `revision` is the current one."""
    message = _found(caller, message_id)
    if message.author_id != caller.user_id:
        raise NotAllowed("Only its author can edit a message.")
    words = drafts.checked(body)
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
    event = _revise(caller, message, "message:removed", _revised(message, revision), revision)
    if message.run:
        with suppress(Busy):  # they expire, and assistant.resume looks whether the answer stands
            pieces.forget(event.room, message.run["id"])
    return event


def _names_the_assistant(room: Room, draft: Draft) -> bool:
    """And it is here, which only messages with its name have to ask."""
    ours = assistant_id(room.tenant_id)
    return ours in draft.data["mentions"] and room_log.is_member(room, ours)


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
