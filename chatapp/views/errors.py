"""How the HTTP door says that something went wrong: an envelope under /api/v1, a page elsewhere."""

from __future__ import annotations

from math import ceil

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from chatapp import logs
from chatapp.actions import documents
from chatapp.errors import (
    Busy,
    ChatError,
    InvalidPayload,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TooFast,
    TooLarge,
)
from chatapp.views.guard import UPLOADS

log = logs.get(__name__)


class MethodNotAllowed(NotFound):
    status = 405
    message = "There is no such thing to be done here."


class BadRequest(InvalidPayload):
    status = 400
    message = "The request could not be read."


class StaleForm(NotAllowed):
    message = "This page was open for too long. Go back, reload it and try again."


_OF_STATUS: dict[int, type[ChatError]] = {404: NotFound, 405: MethodNotAllowed, 413: TooLarge}


def init_app(app: Flask) -> None:
    app.register_error_handler(ChatError, _answer)
    app.register_error_handler(CSRFError, lambda _error: _answer(StaleForm()))
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_unknown)


def _answer(error: ChatError) -> ResponseReturnValue:
    headers = {} if error.retry_after is None else {"Retry-After": str(ceil(error.retry_after))}
    if request.path.startswith("/api/"):
        return error.envelope(logs.request_id()), error.status, headers
    if isinstance(error, NotSignedIn) and request.method == "GET":
        return redirect(url_for("entrance.sign_in", next=request.full_path.rstrip("?")))
    return render_template("error.html", error=error, words=words(error)), error.status, headers


def words(error: ChatError) -> str:
    """For a page: what Busy says of messages that are kept is not about forms, and nobody but us
    reads the header that says how long to wait.
    """
    if isinstance(error, Busy):
        return "The server is busy. Try again in a moment."
    if isinstance(error, TooFast) and error.retry_after is not None:
        return f"{error.message.rstrip('.')}: {_spelled(error.retry_after)}."
    return error.message


def _spelled(seconds: float) -> str:
    """Rounded up: who comes back on time must not come too early."""
    number, unit = (ceil(seconds), "second") if seconds <= 90 else (ceil(seconds / 60), "minute")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _answer_http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error  # a redirect of the router's
    if error.code == 413 and request.endpoint in UPLOADS:
        return _answer(documents.too_large())
    known = _OF_STATUS.get(error.code, BadRequest if error.code < 500 else ChatError)
    return _answer(known())


def _answer_unknown(_error: Exception) -> ResponseReturnValue:
    log.exception("request failed")
    return _answer(ChatError())
