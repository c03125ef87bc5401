"""A quick yes, made from a schema: most payloads are plainly right, and marshmallow need not be asked.

Everything else is for the schema to say, so refusals are always its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields, validate

from chatapp.schemas import Seq, Text

Check = Callable[[Any], bool]
Loaded = dict[str, Any] | None


def of(schema: Schema) -> Callable[[object], Loaded]:
    """What schema.load(payload) returns, or None: ask it. Always None for a schema with anything
    beyond texts and numbers, and for a payload without one of those, be it that it may lack it.
    """
    checks = {name: _check(field) for name, field in schema.load_fields.items()}
    if any(schema._hooks.values()) or None in checks.values():
        return lambda _payload: None
    known: list[tuple[str, Check]] = [(name, check) for name, check in checks.items() if check]

    def load(payload: object) -> Loaded:
        if type(payload) is not dict or len(payload) != len(known):
            return None
        for name, is_right in known:
            if name not in payload or not is_right(payload[name]):
                return None
        return payload

    return load


def _check(field: fields.Field[Any]) -> Check | None:
    """Whether a value is certainly right; None when this field is not for us."""
    if field.data_key or field.attribute:
        return None
    check = _check_value(field)
    if check and field.allow_none:
        return lambda value: value is None or check(value)
    return check


def _check_value(field: fields.Field[Any]) -> Check | None:
    if type(field) is Seq and [type(each) for each in field.validators] == [validate.Range]:
        return _is_number(*field.validators)
    if type(field) in (Text, fields.String) and all(
        type(each) is validate.Length and each.equal is None for each in field.validators
    ):
        return _is_text(*field.validators)
    return None


def _is_text(*lengths: Any) -> Check:
    least = max([each.min or 0 for each in lengths], default=0)
    most = min([each.max for each in lengths if each.max is not None], default=1 << 62)

    def is_right(value: Any) -> bool:
        # Printable ASCII is text that anything can keep; the schema looks closer at the rest.
        return (
            type(value) is str
            and least <= len(value) <= most
            and value.isascii()
            and value.isprintable()
        )

    return is_right


def _is_number(within: Any) -> Check:
    return lambda value: type(value) is int and within.min <= value <= within.max
