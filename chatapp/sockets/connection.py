"""Letting people in, and noticing when they go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask_socketio import ConnectionRefusedError

from chatapp import auth, logs
from chatapp.actions import connections, control, presence
from chatapp.errors import Busy, ChatError
from chatapp.sockets.door import sid

log = logs.get(__name__)


def connect(handshake: dict[str, Any], credentials: object) -> None:
    """Let the caller in, or refuse by raising ConnectionRefusedError. Never anything else: to
    python-socketio another exception is a hang. And `credentials` has no default: with one, a
    TypeError in here would call us a second time without them.
    """
    request_id = logs.begin(event_name="connect")
    try:
        if not control.trusted():
            raise Busy
        caller = auth.identify(credentials, handshake)
        connections.arrive(caller, sid=sid())
    except ChatError as error:
        connections.depart(sid=sid())
        raise _refused(error, request_id) from None
    except Exception:
        connections.depart(sid=sid())
        log.exception("connect failed")
        raise _refused(ChatError(), request_id) from None


def settled(app: Flask) -> Callable[[str, bool], None]:
    """What the engine calls once a client has been told that it is in: from now on it hears things,
    unless it left while we were looking it up.
    """

    def settle(sid: str, still_there: bool) -> None:
        with app.app_context():
            connection = connections.settle(sid=sid) if still_there else None
            if connection:
                presence.arrived(connection)
            else:
                connections.depart(sid=sid)

    return settle


def disconnect(_reason: str) -> None:
    connection = connections.depart(sid=sid())
    if connection:
        presence.gone(connection)


def closing(app: Flask) -> Callable[[], None]:
    """What our gunicorn worker calls when it stops."""

    def say_goodbye() -> None:
        with app.app_context():
            connections.say_goodbye()

    return say_goodbye


def allowed_origin(app: Flask) -> Callable[[str, dict[str, Any]], bool]:
    """Ours, or one of ALLOWED_ORIGINS. X-Forwarded-Host counts for nothing: anybody can send it."""
    listed = set(app.config["ALLOWED_ORIGINS"])
    hosts = set(app.config["ALLOWED_HOSTS"])

    def allowed(origin: str, environ: dict[str, Any]) -> bool:
        host = environ.get("HTTP_HOST", "")
        ours = _name(origin) == host and (
            not hosts or host.rpartition(":")[0] in hosts or host in hosts
        )
        return ours or origin in listed

    return allowed


def _name(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # "http://[" is nobody's
        return None


def _refused(error: ChatError, request_id: str) -> ConnectionRefusedError:
    return ConnectionRefusedError(error.code, error.envelope(request_id)["error"])
