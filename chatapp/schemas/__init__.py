"""Shapes on the wire. Requests are verbs, payloads are nouns; docs/protocol.md is their published
form.

Requests refuse unknown fields, so that a client that misspells one is told.
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from chatapp import text
from chatapp.engine import Fragment
from chatapp.types import CatchUp, Event

CLIENT_ID = validate.Length(min=8, max=64)
ROOM_ID = validate.Length(min=1, max=64)


class Text(fields.String):
    """Text that Redis and every database can keep. What text.py cleans needs no such check."""

    def _deserialize(self, value: object, *rest: Any, **more: Any) -> Any:
        said = super()._deserialize(value, *rest, **more)
        if text.cannot_be_kept(said):
            raise self.make_error("invalid")
        return said


class Seq(fields.Integer):
    """A place in a room's log, as an integer and nothing that looks like one."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(strict=True, validate=validate.Range(min=0, max=2**53), **kwargs)  # type: ignore[arg-type]


# --- requests over the socket --------------------------------------------------------------------


class FollowRooms(Schema):
    room_ids = fields.List(
        Text(validate=ROOM_ID), validate=validate.Length(max=100), load_default=None
    )
    cursor = Text(validate=ROOM_ID, load_default="")


class ResumeRoom(Schema):
    room_id = Text(required=True, validate=ROOM_ID)
    epoch = fields.Str(load_default=None, allow_none=True)
    after = Seq(load_default=None, allow_none=True)


class LeaveRoom(Schema):
    room_id = Text(required=True, validate=ROOM_ID)


class ReadRoom(Schema):
    room_id = Text(required=True, validate=ROOM_ID)
    seq = Seq(required=True)


class SendMessage(Schema):
    room_id = Text(required=True, validate=ROOM_ID)
    client_id = Text(required=True, validate=CLIENT_ID)
    body = fields.Str(required=True)  # its length is a rule of actions.messages, answered too_large


class EditMessage(Schema):
    message_id = Text(required=True, validate=ROOM_ID)
    body = fields.Str(required=True)
    revision = Seq(required=True)


class RemoveMessage(Schema):
    message_id = Text(required=True, validate=ROOM_ID)
    revision = Seq(required=True)


class StartTyping(Schema):
    room_id = Text(required=True, validate=ROOM_ID)


class StopTyping(Schema):
    room_id = Text(required=True, validate=ROOM_ID)


class SetPresence(Schema):
    state = fields.Str(required=True, validate=validate.OneOf(["active", "away"]))


class AskAssistant(SendMessage):
    pass


class WatchRuns(Schema):
    room_id = Text(required=True, validate=ROOM_ID)


class ResumeRun(Schema):
    run_id = Text(required=True, validate=ROOM_ID)
    offset = Seq(required=True)


class CancelRun(Schema):
    run_id = Text(required=True, validate=ROOM_ID)


class RetryRun(Schema):
    run_id = Text(required=True, validate=ROOM_ID)


# --- payloads ------------------------------------------------------------------------------------


class EventPayload(Schema):
    v = fields.Constant(1)
    type = fields.Str()
    room_id = fields.Str()
    epoch = fields.Str()
    seq = fields.Int()
    id = fields.Str()
    at = fields.Str()
    actor_id = fields.Str()
    client_id = fields.Str(allow_none=True)
    data = fields.Dict()


def event(said: Event) -> dict[str, object]:
    """What EventPayload dumps, in a tenth of the time: for the acknowledgement of every message."""
    return {
        "v": 1,
        "type": said.type,
        "room_id": said.room_id,
        "epoch": said.epoch,
        "seq": said.seq,
        "id": said.id,
        "at": said.at,
        "actor_id": said.actor_id,
        "client_id": said.client_id,
        "data": said.data,
    }


def sent(event: str, *, duplicate: bool) -> Fragment:
    """What SentPayload dumps, from the event's JSON, for the acknowledgement of every message."""
    return Fragment(f'{event[:-1]},"duplicate":{"true" if duplicate else "false"}}}')


class MessagePayload(Schema):
    id = fields.Str()
    room_id = fields.Str()
    seq = fields.Int()
    author_id = fields.Str()
    client_id = fields.Str(allow_none=True)
    body = fields.Str()
    mentions = fields.List(fields.Str())
    revision = fields.Int()
    at = fields.Str()
    edited_at = fields.Str(allow_none=True)
    removed_at = fields.Str(allow_none=True)
    asks = fields.Bool()
    unasked = fields.Str(allow_none=True)
    run = fields.Dict(allow_none=True)


class RoomPayload(Schema):
    id = fields.Str()
    kind = fields.Str()
    name = fields.Str(allow_none=True)
    topic = fields.Str()
    archived = fields.Bool()
    role = fields.Str()
    member_ids = fields.List(fields.Str(), allow_none=True)
    epoch = fields.Str()
    seq = fields.Int()
    applied = fields.Int()
    read_seq = fields.Int()
    unread = fields.Int()
    mentions = fields.Int()
    last_at = fields.Str(allow_none=True)


class PagePayload(Schema):
    messages = fields.List(fields.Nested(MessagePayload))
    has_before = fields.Bool()
    has_after = fields.Bool()
    as_of = fields.Int()
    epoch = fields.Str()


class SnapshotPayload(Schema):
    as_of = fields.Int()
    messages = fields.List(fields.Nested(MessagePayload))
    has_before = fields.Bool()
    room = fields.Nested(RoomPayload)


class CatchUpPayload(Schema):
    """actions.history.CatchUp, with its snapshot put together."""

    epoch = fields.Str(attribute="head.epoch")
    seq = fields.Int(attribute="head.seq")
    complete = fields.Bool()
    events = fields.List(fields.Nested(EventPayload))
    has_more = fields.Bool()
    snapshot = fields.Method("_snapshot")
    presence = fields.Dict()  # of strings: looking at each of a thousand took half a millisecond

    def _snapshot(self, caught_up: CatchUp) -> object:
        if caught_up.page is None:
            return None
        page = caught_up.page
        return SnapshotPayload().dump(
            {
                "as_of": page.as_of,
                "messages": page.messages,
                "has_before": page.has_before,
                "room": caught_up.room,
            }
        )


class RunPayload(Schema):
    """actions.assistant.Placed."""

    id = fields.Str(attribute="run.id")
    room_id = fields.Str(attribute="run.room_id")
    question_id = fields.Str(attribute="run.question_id")
    asker_id = fields.Str(attribute="run.asker_id")
    attempt = fields.Int(attribute="run.attempt")
    state = fields.Str(attribute="run.state")
    place = fields.Int()


class ReadMark(Schema):
    seq = fields.Int()
    unread = fields.Int()
    mentions = fields.Int()
