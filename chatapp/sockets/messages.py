from __future__ import annotations

from chatapp.actions import messages
from chatapp.schemas import EditMessage, EventPayload, RemoveMessage, SendMessage
from chatapp.sockets.door import event
from chatapp.types import Caller

_event = EventPayload()


@event(SendMessage)
def send(caller: Caller, room_id: str, client_id: str, body: str) -> object:
    said, duplicate = messages.send(caller, room_id=room_id, client_id=client_id, body=body)
    return {**_event.dump(said), "duplicate": duplicate}


@event(EditMessage)
def edit(caller: Caller, message_id: str, body: str, revision: int) -> object:
    changed = messages.edit(caller, message_id=message_id, body=body, revision=revision)
    return _event.dump(changed)


@event(RemoveMessage)
def remove(caller: Caller, message_id: str, revision: int) -> object:
    return _event.dump(messages.remove(caller, message_id=message_id, revision=revision))
