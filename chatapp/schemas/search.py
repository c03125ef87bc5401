"""Looking for what was said, and taking it away."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from chatapp.schemas import ROOM_ID, MessagePayload, Text
from chatapp.schemas.http import Cursor


class Search(Schema):
    q = Text(required=True, validate=validate.Length(min=1, max=200))
    room_id = Text(load_default=None, validate=ROOM_ID)
    cursor = Cursor()


class Export(Schema):
    format = fields.Str(load_default="json", validate=validate.OneOf(["json", "markdown"]))


class FoundRoomPayload(Schema):
    id = fields.Str()
    kind = fields.Str()
    name = fields.Str(allow_none=True)


class FoundPayload(Schema):
    message = fields.Nested(MessagePayload)
    room = fields.Nested(FoundRoomPayload)
    excerpt = fields.Str()
    marks = fields.List(fields.List(fields.Int(), validate=validate.Length(equal=2)))
