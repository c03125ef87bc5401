"""Files, as forms bring them."""

from __future__ import annotations

from typing import Any, NamedTuple

from marshmallow import fields

from chatapp import text


class Upload(NamedTuple):
    name: str  # as its owner calls it: not to be trusted
    content: bytes


class File(fields.Field[Upload]):
    """A part of a multipart form that has a file's name."""

    default_error_messages = {"invalid": "Send a file, as a part of a multipart form."}

    def _deserialize(self, value: Any, *_rest: object, **_more: object) -> Upload:
        name = getattr(value, "filename", None)
        if not name or text.cannot_be_kept(name):
            raise self.make_error("invalid")
        return Upload(name, value.read())
