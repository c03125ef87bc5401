from __future__ import annotations

from chatapp import schemas
from chatapp.actions import messages
from chatapp.schemas import EditMessage, RemoveMessage, SendMessage
from chatapp.sockets.door import event
from chatapp.types import Caller


@event(SendMessage)
def send(caller: Caller, room_id: str, client_id: str, body: str) -> object:
    said, duplicate = messages.send(caller, room_id=room_id, client_id=client_id, body=body)
    return schemas.sent(said, duplicate=duplicate)


@event(EditMessage)
def edit(caller: Caller, message_id: str, body: str, revision: int) -> object:
    changed = messages.edit(caller, message_id=message_id, body=body, revision=revision)
    return schemas.event(changed)


@event(RemoveMessage)
def remove(caller: Caller, message_id: str, revision: int) -> object:
    return schemas.event(messages.remove(caller, message_id=message_id, revision=revision))
