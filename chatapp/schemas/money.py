"""What the assistant may spend and has spent, on the wire: dollars as decimal text."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import Schema, fields, validate

from chatapp import money
from chatapp.schemas import ROOM_ID, Text
from chatapp.schemas.http import Cursor

PROVIDER = validate.OneOf(["librarian", "openai", "anthropic", "gemini"])
MODEL = validate.Length(max=120)
PROMPT = validate.Length(max=8_000)
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")


class Dollars(fields.Field[int]):
    """ "12.50" outside, millionths inside."""

    default_error_messages = {"invalid": "Write an amount in dollars, such as 12.50."}

    def _serialize(self, value: int | None, *_rest: object, **_more: object) -> Any:
        return None if value is None else money.dollars(value)

    def _deserialize(self, value: object, *_rest: object, **_more: object) -> int:
        if not isinstance(value, str) or not _AMOUNT.fullmatch(value.strip()):
            raise self.make_error("invalid")
        return money.micro(value.strip())


class Month(fields.String):
    """ "2026-11" """

    def __init__(self, **kwargs: Any) -> None:
        within = validate.Regexp(r"^20[0-9]{2}-(0[1-9]|1[0-2])$", error="Write a month as 2026-11.")
        super().__init__(validate=within, **kwargs)


# --- requests ------------------------------------------------------------------------------------


class ChangeBudgets(Schema):
    """null: no limit, or, of a person or a room, the one that all have."""

    workspace = Dollars(allow_none=True)
    person = Dollars(allow_none=True)
    room = Dollars(allow_none=True)
    people = fields.Dict(Text(validate=ROOM_ID), Dollars(allow_none=True), load_default={})
    rooms = fields.Dict(Text(validate=ROOM_ID), Dollars(allow_none=True), load_default={})


class ChangeAssistant(Schema):
    provider = fields.Str(validate=PROVIDER)
    model = Text(validate=MODEL)
    system_prompt = Text(validate=PROMPT)
    summarise = fields.Bool(truthy={True}, falsy={False})
    input_price = Dollars(allow_none=True)
    output_price = Dollars(allow_none=True)
    find_by_meaning = fields.Bool(truthy={True}, falsy={False})
    embedding_price = Dollars(allow_none=True)
    budgets = fields.Nested(ChangeBudgets)


class LookAtMonth(Schema):
    month = Month(load_default=None)


class ReadOnInMonth(LookAtMonth):
    cursor = Cursor()


# --- forms ---------------------------------------------------------------------------------------


class ChangeAssistantByForm(Schema):
    provider = fields.Str(required=True, validate=PROVIDER)
    model = Text(load_default="", validate=MODEL)
    system_prompt = Text(load_default="", validate=PROMPT)
    summarise = fields.Bool(load_default=False)
    input_price = Dollars(load_default=None)
    output_price = Dollars(load_default=None)


class FindByMeaningByForm(Schema):
    find_by_meaning = fields.Bool(load_default=False)
    embedding_price = Dollars(load_default=None)


class ChangeBudgetsByForm(Schema):
    workspace = Dollars(load_default=None)
    person = Dollars(load_default=None)
    room = Dollars(load_default=None)


class AllowPersonByForm(Schema):
    email = Text(required=True, validate=validate.Length(min=1, max=254))
    person_monthly = Dollars(required=True)


class AllowRoomByForm(Schema):
    name = Text(required=True, validate=validate.Length(min=1, max=200))
    room_monthly = Dollars(required=True)


# --- payloads ------------------------------------------------------------------------------------


class BudgetsPayload(Schema):
    workspace = Dollars(allow_none=True)
    person = Dollars(allow_none=True)
    room = Dollars(allow_none=True)
    people = fields.Dict(fields.Str(), Dollars())
    rooms = fields.Dict(fields.Str(), Dollars())


class EmbedderPayload(Schema):
    model = fields.Str()
    server = fields.Str()
    is_priced = fields.Bool()


class EmbeddedPayload(Schema):
    passages = fields.Int()
    embedded = fields.Int()
    refused = fields.Int()
    reason = fields.Str(allow_none=True)


class AssistantPayload(Schema):
    provider = fields.Str()
    model = fields.Str()
    system_prompt = fields.Str()
    summarise = fields.Bool()
    input_price = Dollars(allow_none=True)
    output_price = Dollars(allow_none=True)
    is_priced = fields.Bool()
    reachable = fields.List(fields.Str(), allow_none=True)
    find_by_meaning = fields.Bool()
    embedding_price = Dollars(allow_none=True)
    embedder = fields.Nested(EmbedderPayload, allow_none=True)
    embedded = fields.Nested(EmbeddedPayload, allow_none=True)
    budgets = fields.Nested(BudgetsPayload)
    left = Dollars(allow_none=True)


class UsedPayload(Schema):
    answers = fields.Int()
    embeddings = fields.Int()
    input_tokens = fields.Int()
    output_tokens = fields.Int()
    cost = Dollars()
    unpriced = fields.Int()


class UsedDayPayload(UsedPayload):
    day = fields.Str()


class UsedModelPayload(UsedPayload):
    provider = fields.Str()
    model = fields.Str()


class UsedPersonPayload(UsedPayload):
    user_id = fields.Str(allow_none=True)
    name = fields.Str(allow_none=True)


class UsedRoomPayload(UsedPayload):
    room_id = fields.Str(allow_none=True)
    name = fields.Str(allow_none=True)


class UsedByMorePayload(UsedPayload):
    count = fields.Int()


class UsagePayload(Schema):
    month = fields.Str()
    total = fields.Nested(UsedPayload)
    days = fields.List(fields.Nested(UsedDayPayload))
    models = fields.List(fields.Nested(UsedModelPayload))
    people = fields.List(fields.Nested(UsedPersonPayload))
    more_people = fields.Nested(UsedByMorePayload, allow_none=True)
    rooms = fields.List(fields.Nested(UsedRoomPayload))
    more_rooms = fields.Nested(UsedByMorePayload, allow_none=True)
