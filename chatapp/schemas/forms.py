"""What the forms of the pages send: text, and nothing for what was left empty."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from chatapp.schemas import Text
from chatapp.schemas.http import NAME, PASSWORD, ROLE
from chatapp.schemas.uploads import File

SLUG = validate.Regexp(
    r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$",
    error="Use up to 40 lower-case letters, digits and hyphens.",
)


class SignIn(Schema):
    workspace = Text(required=True, validate=validate.Length(min=1, max=40))
    email = Text(required=True, validate=validate.Length(min=1, max=254))
    password = Text(required=True, validate=PASSWORD)


class SignUp(Schema):
    workspace_name = fields.Str(required=True, validate=validate.Length(min=1, max=80))
    slug = fields.Str(required=True, validate=SLUG)
    name = fields.Str(required=True, validate=NAME)
    email = fields.Email(required=True, validate=validate.Length(max=254))
    password = Text(required=True, validate=PASSWORD)


class AcceptInvitation(Schema):
    name = fields.Str(required=True, validate=NAME)
    email = fields.Email(required=True, validate=validate.Length(max=254))
    password = Text(required=True, validate=PASSWORD)


class InviteByForm(Schema):
    email = Text(load_default="", validate=validate.Length(max=254))
    role = fields.Str(load_default="member", validate=ROLE)


class ChangePersonByForm(Schema):
    role = fields.Str(validate=ROLE)
    disabled = fields.Bool()


class ChangeRoomByForm(Schema):
    name = fields.Str(required=True, validate=NAME)
    topic = fields.Str(load_default="", validate=validate.Length(max=250))


class UploadByForm(Schema):
    file = File(required=True)


class AddMemberByForm(Schema):
    email = Text(required=True, validate=validate.Length(min=1, max=254))
