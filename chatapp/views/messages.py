"""What is said in rooms: the same verbs as over the socket."""

from __future__ import annotations

import orjson

from chatapp.actions import assistant, history, messages, reading
from chatapp.schemas import EventPayload, PagePayload, ReadMark
from chatapp.schemas.http import (
    DeleteMessage,
    LookBack,
    MoveRead,
    PatchMessage,
    PostMessage,
    SentPayload,
)
from chatapp.types import Caller
from chatapp.views.door import endpoint


@endpoint(LookBack, PagePayload)
def index(caller: Caller, room_id: str, anchor: str, before: int, after: int) -> object:
    return history.page(caller, room_id=room_id, anchor=anchor, before=before, after=after)


@endpoint(PostMessage, SentPayload, status=201)
def send(caller: Caller, room_id: str, client_id: str, body: str, ask: bool) -> object:
    say = assistant.ask if ask else messages.send
    said, duplicate = say(caller, room_id=room_id, client_id=client_id, body=body)
    return orjson.loads(said) | {"duplicate": duplicate}


@endpoint(PatchMessage, EventPayload)
def edit(caller: Caller, message_id: str, body: str, revision: int) -> object:
    return messages.edit(caller, message_id=message_id, body=body, revision=revision)


@endpoint(DeleteMessage, EventPayload)
def remove(caller: Caller, message_id: str, revision: int) -> object:
    return messages.remove(caller, message_id=message_id, revision=revision)


@endpoint(MoveRead, ReadMark)
def read(caller: Caller, room_id: str, seq: int) -> object:
    return reading.move(caller, room_id=room_id, seq=seq)
