"""What every socket event does before and after its own few lines."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from time import perf_counter
from typing import Any

from flask import Flask
from flask_socketio import SocketIO
from marshmallow import Schema, ValidationError

from chatapp import engine, logs, metrics
from chatapp.actions import connections, control
from chatapp.errors import Busy, ChatError, InvalidPayload
from chatapp.schemas import shortcut

log = logs.get(__name__)

Answer = dict[str, object]
Handler = Callable[..., object]


def event(
    schema: type[Schema] | None, *, asked: bool = True
) -> Callable[[Handler], Callable[..., Answer]]:
    """Check the payload, find the caller, and acknowledge with an envelope, always.

    Without a schema the payload is not looked at. `asked=False`: clients do not wait for an answer
    to this one; a failure reaches them as `error`.
    """
    load = _loader(schema)

    def decorate(handler: Handler) -> Callable[..., Answer]:
        name = f"{handler.__module__.rpartition('.')[2]}:{handler.__name__}"

        @wraps(handler)
        def answer(payload: Any = None, *_extra: object) -> Answer:
            request_id, began, outcome = logs.begin(event_name=name), perf_counter(), "ok"
            try:
                return {"ok": True, "data": _ask(handler, load, payload)}
            except ChatError as error:
                outcome = error.code
                return _refuse(error, request_id, asked)
            except Exception:
                outcome = "internal"
                log.exception("event failed")
                return _refuse(ChatError(), request_id, asked)
            finally:
                metrics.event_answered(name, outcome, perf_counter() - began)

        return answer

    return decorate


def _refuse(error: ChatError, request_id: str, asked: bool) -> Answer:
    envelope = error.envelope(request_id)
    if not asked:
        connections.complain(sid=sid(), error=envelope["error"])
    return envelope


def bind(app: Flask, socketio: SocketIO, name: str, handler: Callable[..., Any]) -> None:
    """Answer this event by that handler, with the application at hand and no request.

    Flask-SocketIO makes a request of every event out of the connection's handshake: 35 µs, most of
    what an event costs, for what only `connect` looks at, which is given the handshake.
    """
    socketio.server.on(name, _at_hand(app, handler))


def bind_the_rest(app: Flask, socketio: SocketIO, handler: Callable[..., Any]) -> None:
    """Answer whatever else clients send by that handler."""
    answer = _at_hand(app, handler)
    socketio.server.on("*", lambda _name, sid, *said: answer(sid, *said))


def sid() -> str:
    """The connection that asks."""
    return _speaking.get()


_speaking: ContextVar[str] = ContextVar("speaking", default="")  # a sid, while it is answered


def _at_hand(app: Flask, handler: Callable[..., Any]) -> Callable[..., Any]:
    def answer(sid: str, *said: object) -> Any:
        before = _speaking.set(sid)
        try:
            return handler(*said)
        finally:
            _speaking.reset(before)

    return engine.at_hand(app, answer)


def _ask(handler: Handler, load: Callable[[Any], dict[str, Any]], payload: Any) -> object:
    if not control.trusted():
        raise Busy  # this worker cannot hear who was sent away
    caller = connections.caller(sid=sid())
    return handler(caller, **load(payload))


def _loader(schema: type[Schema] | None) -> Callable[[Any], dict[str, Any]]:
    """What makes fields of a payload. Raises InvalidPayload."""
    if schema is None:
        return lambda _payload: {}
    shape = schema()
    at_once = shortcut.of(shape)

    def load(payload: Any) -> dict[str, Any]:
        try:
            return at_once(payload) or shape.load(payload)
        except ValidationError as error:
            raise InvalidPayload(details=dict(error.messages_dict)) from None

    return load
