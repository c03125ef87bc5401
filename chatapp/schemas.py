"""Shapes on the wire. Requests are verbs, payloads are nouns; docs/protocol.md is their published
form.

Requests refuse unknown fields, so that a client that misspells one is told.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from chatapp.types import CatchUp

CLIENT_ID = validate.Length(min=8, max=64)
ROOM_ID = validate.Length(min=1, max=64)


class Seq(fields.Integer):
    """A place in a room's log, as an integer and nothing that looks like one."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(strict=True, validate=validate.Range(min=0, max=2**53), **kwargs)  # type: ignore[arg-type]


# --- requests over the socket --------------------------------------------------------------------


class FollowRooms(Schema):
    room_ids = fields.List(
        fields.Str(validate=ROOM_ID), validate=validate.Length(max=500), load_default=None
    )


class ResumeRoom(Schema):
    room_id = fields.Str(required=True, validate=ROOM_ID)
    epoch = fields.Str(load_default=None, allow_none=True)
    after = Seq(load_default=None, allow_none=True)


class LeaveRoom(Schema):
    room_id = fields.Str(required=True, validate=ROOM_ID)


class ReadRoom(Schema):
    room_id = fields.Str(required=True, validate=ROOM_ID)
    seq = Seq(required=True)


class SendMessage(Schema):
    room_id = fields.Str(required=True, validate=ROOM_ID)
    client_id = fields.Str(required=True, validate=CLIENT_ID)
    body = fields.Str(required=True)  # its length is a rule of actions.messages, answered too_large


class EditMessage(Schema):
    message_id = fields.Str(required=True, validate=ROOM_ID)
    body = fields.Str(required=True)
    revision = Seq(required=True)


class RemoveMessage(Schema):
    message_id = fields.Str(required=True, validate=ROOM_ID)
    revision = Seq(required=True)


class StartTyping(Schema):
    room_id = fields.Str(required=True, validate=ROOM_ID)


class StopTyping(Schema):
    room_id = fields.Str(required=True, validate=ROOM_ID)


class SetPresence(Schema):
    state = fields.Str(required=True, validate=validate.OneOf(["active", "away"]))


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
    presence = fields.Dict(keys=fields.Str(), values=fields.Str())

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


class ReadMark(Schema):
    seq = fields.Int()
    unread = fields.Int()
    mentions = fields.Int()


# --- requests over HTTP --------------------------------------------------------------------------

ROLE = validate.OneOf(["owner", "admin", "member"])
ROOM_ROLE = validate.OneOf(["admin", "member"])
NAME = validate.Length(min=1, max=200)  # before cleaning; afterwards 80, see store
PASSWORD = validate.Length(min=1, max=200)


class Cursor(fields.Field[tuple[str, str]]):
    """Where the next page begins: opaque to clients, the last (name, id) seen to us."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(load_default=None, **kwargs)  # type: ignore[arg-type]

    def _deserialize(self, value: object, *_rest: object, **_more: object) -> tuple[str, str]:
        try:
            name, id_ = json.loads(urlsafe_b64decode(str(value).encode()))
            return str(name), str(id_)
        except (ValueError, TypeError):
            raise ValidationError("This is not a cursor of ours.") from None

    @staticmethod
    def of(place: tuple[str, str] | None) -> str | None:
        return place and urlsafe_b64encode(json.dumps(place).encode()).decode()


class Moment(fields.Field[datetime]):
    """A point in time, in UTC, to the millisecond."""

    def _serialize(self, value: datetime | None, *_rest: object, **_more: object) -> Any:
        if value is None:
            return None
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Find(Schema):
    q = fields.Str(load_default="", validate=validate.Length(max=80))
    cursor = Cursor()


class RenameMe(Schema):
    name = fields.Str(required=True, validate=NAME)


class ChangePassword(Schema):
    current = fields.Str(required=True, validate=PASSWORD)
    new = fields.Str(required=True, validate=PASSWORD)


class ChangePerson(Schema):
    role = fields.Str(validate=ROLE)
    disabled = fields.Bool(truthy={True}, falsy={False})


class Invite(Schema):
    email = fields.Email(load_default=None, allow_none=True, validate=validate.Length(max=254))
    role = fields.Str(load_default="member", validate=ROLE)


class CreateRoom(Schema):
    kind = fields.Str(required=True, validate=validate.OneOf(["public", "private", "direct"]))
    name = fields.Str(load_default=None, allow_none=True, validate=NAME)
    topic = fields.Str(load_default="", validate=validate.Length(max=250))
    member_ids = fields.List(
        fields.Str(validate=ROOM_ID), load_default=[], validate=validate.Length(max=100)
    )


class ChangeRoom(Schema):
    name = fields.Str(validate=NAME)
    topic = fields.Str(validate=validate.Length(max=250))


class AddMembers(Schema):
    user_ids = fields.List(
        fields.Str(validate=ROOM_ID), required=True, validate=validate.Length(min=1, max=100)
    )


class ChangeMember(Schema):
    role = fields.Str(required=True, validate=ROOM_ROLE)


class LookBack(Schema):
    anchor = fields.Str(load_default="newest", validate=validate.Length(max=32))
    before = fields.Int(load_default=50, validate=validate.Range(min=0, max=100))
    after = fields.Int(load_default=0, validate=validate.Range(min=0, max=100))


class PostMessage(Schema):
    client_id = fields.Str(required=True, validate=CLIENT_ID)
    body = fields.Str(required=True)


class PatchMessage(Schema):
    body = fields.Str(required=True)
    revision = Seq(required=True)


class DeleteMessage(Schema):
    revision = fields.Int(required=True, validate=validate.Range(min=0))


class MoveRead(Schema):
    seq = Seq(required=True)


# --- forms of the pages --------------------------------------------------------------------------

SLUG = validate.Regexp(
    r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$",
    error="Use up to 40 lower-case letters, digits and hyphens.",
)


class SignIn(Schema):
    workspace = fields.Str(required=True, validate=validate.Length(min=1, max=40))
    email = fields.Str(required=True, validate=validate.Length(min=1, max=254))
    password = fields.Str(required=True, validate=PASSWORD)


class SignUp(Schema):
    workspace_name = fields.Str(required=True, validate=validate.Length(min=1, max=80))
    slug = fields.Str(required=True, validate=SLUG)
    name = fields.Str(required=True, validate=NAME)
    email = fields.Email(required=True, validate=validate.Length(max=254))
    password = fields.Str(required=True, validate=PASSWORD)


class AcceptInvitation(Schema):
    name = fields.Str(required=True, validate=NAME)
    email = fields.Email(required=True, validate=validate.Length(max=254))
    password = fields.Str(required=True, validate=PASSWORD)


class InviteByForm(Schema):
    email = fields.Str(load_default="", validate=validate.Length(max=254))
    role = fields.Str(load_default="member", validate=ROLE)


class ChangePersonByForm(Schema):
    role = fields.Str(validate=ROLE)
    disabled = fields.Bool()


class ChangeRoomByForm(Schema):
    name = fields.Str(required=True, validate=NAME)
    topic = fields.Str(load_default="", validate=validate.Length(max=250))


class AddMemberByForm(Schema):
    email = fields.Str(required=True, validate=validate.Length(min=1, max=254))


# --- payloads over HTTP --------------------------------------------------------------------------


class SentPayload(EventPayload):
    duplicate = fields.Bool()


class PersonPayload(Schema):
    id = fields.Str()
    name = fields.Str()
    role = fields.Str()
    disabled = fields.Bool()
    presence = fields.Str()


class WorkspacePayload(Schema):
    id = fields.Str()
    slug = fields.Str()
    name = fields.Str()


class MePayload(PersonPayload):
    email = fields.Str()
    session_id = fields.Str()
    workspace = fields.Nested(WorkspacePayload)


class MemberPayload(Schema):
    user_id = fields.Str()
    name = fields.Str()
    role = fields.Str()
    presence = fields.Str()
    joined_at = Moment()


class SessionPayload(Schema):
    id = fields.Str()
    kind = fields.Str()
    created_at = Moment()
    last_seen_at = Moment()
    expires_at = Moment()
    address = fields.Str()
    user_agent = fields.Str()
    current = fields.Bool()


class InvitationPayload(Schema):
    id = fields.Str()
    email = fields.Str(allow_none=True)
    role = fields.Str()
    invited_by = fields.Str()
    created_at = Moment()
    expires_at = Moment()
    url = fields.Str()


class BrowsedRoomPayload(Schema):
    id = fields.Str()
    name = fields.Str()
    topic = fields.Str()
    member_count = fields.Int()
    joined = fields.Bool()


class ErrorPayload(Schema):
    code = fields.Str(required=True)
    message = fields.Str(required=True)
    retryable = fields.Bool(required=True)
    retry_after = fields.Float()
    details = fields.Dict(required=True)
    request_id = fields.Str(required=True)
