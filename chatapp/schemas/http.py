"""What only /api/v1 speaks, beside what it shares with the socket."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from chatapp import text
from chatapp.schemas import CLIENT_ID, ROOM_ID, EventPayload, Seq, Text
from chatapp.schemas.uploads import File

ROLE = validate.OneOf(["owner", "admin", "member"])
ROOM_ROLE = validate.OneOf(["admin", "member"])
NAME = validate.Length(  # before cleaning; afterwards 80, see store
    min=1, max=200, error=f"Use between 1 and {text.NAME_MAX} visible characters."
)
PASSWORD = validate.Length(min=1, max=200)


class Cursor(fields.Field[tuple[str, str]]):
    """Where the next page begins: opaque to clients, the last (name, id) seen to us."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(load_default=None, allow_none=False, **kwargs)  # type: ignore[arg-type]

    def _deserialize(self, value: object, *_rest: object, **_more: object) -> tuple[str, str]:
        try:
            name, id_ = map(str, json.loads(urlsafe_b64decode(str(value).encode())))
        except (ValueError, TypeError, RecursionError):
            raise ValidationError("This is not a cursor of ours.") from None
        if text.cannot_be_kept(name + id_):
            raise ValidationError("This is not a cursor of ours.")
        return name, id_

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
    q = Text(load_default="", validate=validate.Length(max=80))
    cursor = Cursor()


class ReadOn(Schema):
    cursor = Cursor()


class RenameMe(Schema):
    name = fields.Str(required=True, validate=NAME)


class ChangePassword(Schema):
    current = Text(required=True, validate=PASSWORD)
    new = Text(required=True, validate=PASSWORD)


class ChangePerson(Schema):
    role = fields.Str(validate=ROLE)
    disabled = fields.Bool(truthy={True}, falsy={False})


class Invite(Schema):
    email = fields.Email(load_default=None, allow_none=True, validate=validate.Length(max=254))
    role = fields.Str(load_default="member", validate=ROLE)


class CreateRoom(Schema):
    kind = fields.Str(
        required=True, validate=validate.OneOf(["public", "private", "direct", "assistant"])
    )
    name = fields.Str(load_default=None, allow_none=True, validate=NAME)
    topic = fields.Str(load_default="", validate=validate.Length(max=250))
    member_ids = fields.List(
        Text(validate=ROOM_ID), load_default=[], validate=validate.Length(max=100)
    )


class ChangeRoom(Schema):
    name = fields.Str(validate=NAME)
    topic = fields.Str(validate=validate.Length(max=250))


class AddMembers(Schema):
    user_ids = fields.List(
        Text(validate=ROOM_ID), required=True, validate=validate.Length(min=1, max=100)
    )


class ChangeMember(Schema):
    role = fields.Str(required=True, validate=ROOM_ROLE)


class LookBack(Schema):
    anchor = fields.Str(load_default="newest", validate=validate.Length(max=32))
    before = fields.Int(load_default=50, validate=validate.Range(min=0, max=100))
    after = fields.Int(load_default=0, validate=validate.Range(min=0, max=100))


class PostMessage(Schema):
    client_id = Text(required=True, validate=CLIENT_ID)
    body = fields.Str(required=True)
    ask = fields.Bool(load_default=False)  # the assistant


class PatchMessage(Schema):
    body = fields.Str(required=True)
    revision = Seq(required=True)


class DeleteMessage(Schema):
    revision = fields.Int(required=True, validate=validate.Range(min=0, max=2**53))


class MoveRead(Schema):
    seq = Seq(required=True)


class ListDocuments(Schema):
    cursor = Cursor()


class UploadDocument(Schema):
    file = File(required=True)
    name = Text(load_default=None, validate=NAME)


# --- payloads ------------------------------------------------------------------------------------


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


class DocumentPayload(Schema):
    id = fields.Str()
    name = fields.Str()
    kind = fields.Str()
    size = fields.Int()
    version = fields.Int()
    served = fields.Int(allow_none=True)
    state = fields.Str()
    passages = fields.Int(attribute="done")
    error = fields.Str(allow_none=True)
    uploaded_by = fields.Str()
    created_at = Moment()
    changed_at = Moment()


class PassagePayload(Schema):
    id = fields.Str(attribute="passage.id")
    document_id = fields.Str(attribute="passage.document_id")
    title = fields.Str(attribute="passage.title")
    heading = fields.Str(attribute="passage.heading")
    text = fields.Str(attribute="passage.body")
    start = fields.Int()
    before = fields.Str()
    after = fields.Str()


class ErrorPayload(Schema):
    code = fields.Str(required=True)
    message = fields.Str(required=True)
    retryable = fields.Bool(required=True)
    retry_after = fields.Float()
    details = fields.Dict(required=True)
    request_id = fields.Str(required=True)
