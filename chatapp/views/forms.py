"""Reading the forms of the pages, and showing them again with what was wrong."""

from __future__ import annotations

from math import ceil
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import EXCLUDE, Schema, ValidationError

from chatapp.errors import ChatError, InvalidPayload
from chatapp.views.errors import words

_REQUIRED = "Fill this in."
_MARKED = "Check the marked fields."


def read(shape: type[Schema]) -> dict[str, Any]:
    """The fields and files sent. Raises InvalidPayload with the reasons by field."""
    filled: dict[str, Any] = {name: value for name, value in request.form.items() if value != ""}
    filled |= {name: file for name, file in request.files.items() if file.filename}
    try:
        return dict(shape(unknown=EXCLUDE).load(filled))
    except ValidationError as error:
        details = dict(error.messages_dict)
        for name in details:
            if name not in filled:
                details[name] = [_REQUIRED]
        raise InvalidPayload(_MARKED, details=details) from None


def query(shape: type[Schema]) -> dict[str, Any]:
    """The fields of the address; what is malformed counts as left out."""
    try:
        return dict(shape(unknown=EXCLUDE).load(request.args.to_dict()))
    except ValidationError:
        return dict(shape().load({}))


def again(template: str, error: ChatError, **context: object) -> ResponseReturnValue:
    """The page as it was sent, and why it was not enough. What this form did not have is `filled`
    in as the page has it.
    """
    headers = {} if error.retry_after is None else {"Retry-After": str(ceil(error.retry_after))}
    kept: Any = context.get("filled", {})
    filled = {**kept, **request.form.to_dict()}
    is_marked = isinstance(error, InvalidPayload) and error.details  # whoever found it wrong
    context |= {
        "words": _MARKED if is_marked else words(error),
        "details": error.details,
        "filled": filled,
    }
    return render_template(template, **context), error.status, headers


def done(words: str, to: str) -> ResponseReturnValue:
    flash(words, "success")
    return redirect(to, 303)


def failed(error: ChatError, to: str) -> ResponseReturnValue:
    """Back to a page with many forms: the first reason, in words."""
    reasons = [reason for field in error.details.values() for reason in field]  # type: ignore[attr-defined]
    flash(str(reasons[0]) if reasons else words(error), "danger")
    return redirect(to, 303)
