"""Structured logs: one JSON line each, with the id of its request, and never a secret.

A normal minute is silent: requests, heartbeats, health checks and tasks that went well are counted
in metrics, not told here.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, TextIO

import structlog
from flask import Flask, Response, request
from uuid_utils import uuid4

_SECRET = ("password", "token", "secret", "cookie", "authorization", "csrf")
_facts: ContextVar[Mapping[str, str]] = ContextVar("facts", default=MappingProxyType({}))
_SANE_ID = re.compile(r"[A-Za-z0-9_.:-]{8,64}")
# They have their say when something is wrong. Set before they are used: the Socket.IO server gives
# a logger that has no level a handler of its own, and each line would come twice.
_QUIET = (
    "werkzeug",
    "engineio",
    "engineio.server",
    "engineio.client",
    "socketio",
    "socketio.server",
    "socketio.client",
    "celery",
    "kombu",
    "amqp",
    "alembic",
)


def init_app(app: Flask) -> None:
    configure(app.config["LOG_LEVEL"])
    app.before_request(_begin_http)
    app.after_request(_answer_id)


def configure(level: str) -> None:
    """All lines of this process in one format, whoever writes them. Safe to repeat."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        _add_facts,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _hide_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = _ToStandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    root = logging.getLogger()
    for former in [h for h in root.handlers if isinstance(h, _ToStandardError)]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(max(number, logging.WARNING))
    for ours in ("chatapp", "workers"):
        logging.getLogger(ours).setLevel(number)
    for theirs in _QUIET:
        logging.getLogger(theirs).setLevel(max(number, logging.WARNING))


def get(name: str) -> structlog.stdlib.BoundLogger:
    return structlog.stdlib.get_logger(name)


def begin(request_id: str | None = None, **facts: str) -> str:
    """A new request: every line up to the next begin() of this thread or greenlet carries its id.

    The caller's own id is kept when it looks like one; the one in force is returned.
    """
    if not (request_id and _SANE_ID.fullmatch(request_id)):
        request_id = uuid4().hex
    _facts.set({"request_id": request_id, **facts})
    return request_id


def request_id() -> str:
    """The id of the request we are in; "" outside of any."""
    return _facts.get().get("request_id", "")


class _ToStandardError(logging.StreamHandler[TextIO]):
    """Wherever standard error is now: supervisors and tests move it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def _begin_http() -> None:
    begin(request.headers.get("X-Request-Id"), route=str(request.url_rule or ""))


def _answer_id(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    return response


def _add_facts(
    _logger: Any, _method: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for name, fact in _facts.get().items():
        entry.setdefault(name, fact)
    return entry


def _hide_secrets(
    _logger: Any, _method: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for key, value in entry.items():
        if any(word in key.lower() for word in _SECRET):
            entry[key] = "[hidden]"
        elif isinstance(value, dict):
            entry[key] = _hide_secrets(_logger, _method, dict(value))
    return entry
