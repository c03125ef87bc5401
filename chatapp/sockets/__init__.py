"""The socket door: every event a client may send, on one page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_socketio import SocketIO

from chatapp import engine
from chatapp.sockets import (
    assistant,
    budgets,
    connection,
    control,
    figures,
    limits,
    messages,
    presence,
    rooms,
    tailer,
    typing,
    unknown,
)
from chatapp.sockets.door import bind, bind_the_rest

EVENTS: dict[str, Callable[..., Any]] = {
    "connect": connection.connect,
    "disconnect": connection.disconnect,
    "room:follow": rooms.follow,
    "room:resume": rooms.resume,
    "room:leave": rooms.leave,
    "room:read": rooms.read,
    "message:send": messages.send,
    "message:edit": messages.edit,
    "message:remove": messages.remove,
    "typing:start": typing.start,
    "typing:stop": typing.stop,
    "presence:set": presence.set_state,
    "assistant:ask": assistant.ask,
    "assistant:watch": assistant.watch,
    "assistant:resume": assistant.resume,
    "assistant:cancel": assistant.cancel,
    "assistant:retry": assistant.retry,
}

# What runs beside the events, from the start of a web worker to its end.
TASKS = [
    tailer.follow,
    tailer.notice,
    tailer.tell_heads,
    tailer.help_out,
    control.follow,
    control.verify,
    presence.renew,
    presence.sweep,
    budgets.sweep,
    assistant.sweep,
    assistant.count,
    figures.follow,
    limits.settle,
]


def init_app(app: Flask, queue: Any) -> None:
    """`queue`: between processes; None for a single one."""
    socketio = SocketIO(
        app,
        client_manager=queue,
        async_mode=app.config["ASYNC_MODE"],
        transports=["websocket"],
        always_connect=False,  # a refusal is a connect error; what comes first, see connection.settled
        async_handlers=False,  # one message of a client at a time, in order
        manage_session=False,
        cors_allowed_origins=connection.allowed_origin(app),
        ping_interval=app.config["PING_INTERVAL"],
        ping_timeout=app.config["PING_TIMEOUT"],
        max_http_buffer_size=64 * 1024,
        json=engine.json,
    )
    app.extensions["engine"] = "fast" if app.config["FAST_ENGINE"] else "plain"
    app.extensions["websockets"] = engine.harden(
        socketio,
        fast=app.config["FAST_ENGINE"],
        unknown_per_address=app.config["UNKNOWN_PER_ADDRESS"],
        settled=connection.settled(app),
    )
    app.extensions["closing"] = connection.closing(app)
    for name, handler in EVENTS.items():
        bind(app, socketio, name, handler)
    bind_the_rest(app, socketio, unknown.answer)
    if app.config["FOLLOW_LOGS"]:
        for task in TASKS:
            socketio.start_background_task(task, app)
