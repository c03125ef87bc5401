"""Structured logs: one JSON line each, with the request's id, and never a secret."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from flask import Flask

_SECRET = ("password", "token", "secret", "cookie", "authorization", "csrf")


def init_app(app: Flask) -> None:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _hide_secrets,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            getattr(logging, app.config["LOG_LEVEL"].upper())
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    return structlog.get_logger(source=name)  # type: ignore[no-any-return]


def _hide_secrets(_logger: Any, _method: str, entry: dict[str, Any]) -> dict[str, Any]:
    for key in entry:
        if any(word in key.lower() for word in _SECRET):
            entry[key] = "[hidden]"
    return entry
