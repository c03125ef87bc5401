"""What the published suites for Socket.IO and WebSocket are pointed at: our transport, without the
chat.

`gunicorn -k eventlet tests.conformance.app:app`, with ENGINE=fast or plain, and with
ASYNC_MODE=threading `-k gthread`.
Socket.IO is at /socket.io, namespaces `/` and `/custom`; /echo is a bare WebSocket that says
everything back.
"""

from __future__ import annotations

import os

if os.environ.setdefault("ASYNC_MODE", "eventlet") == "eventlet":
    import eventlet

    eventlet.monkey_patch()

from flask import Flask, Response, request, send_file
from flask_socketio import SocketIO, emit, join_room

from chatapp import engine
from chatapp.engine.websocket import Upgrade, WebSocket

FAST = os.environ.get("ENGINE", "fast") == "fast" and os.environ.get("ASYNC_MODE") == "eventlet"
CONNECT_WITHIN = float(os.environ.get("CONNECT_WITHIN", "10"))
UNKNOWN_PER_ADDRESS = int(os.environ.get("UNKNOWN_PER_ADDRESS", "1000"))
ECHO_LIMIT = 16 << 20  # Autobahn sends that much, in up to 65 536 fragments

ASKED: list[str] = []  # what this worker is busy with, for tests that stop it meanwhile


def create() -> Flask:
    app = Flask(__name__)
    socketio = SocketIO(
        app,
        async_mode=os.environ.get("ASYNC_MODE", "eventlet"),
        transports=["websocket"],
        always_connect=True,
        max_http_buffer_size=64 * 1024,
        ping_interval=int(os.environ.get("PING_INTERVAL", "25")),
        ping_timeout=20,
        client_manager=engine.manager(None, fast=FAST),
    )
    app.extensions["engine"] = "fast" if FAST else "plain"
    app.extensions["websockets"] = engine.harden(
        socketio, fast=FAST, connect_within=CONNECT_WITHIN, unknown_per_address=UNKNOWN_PER_ADDRESS
    )
    for namespace in ("/", "/custom"):
        socketio.on_event("connect", connect, namespace=namespace)
        socketio.on_event("message", message, namespace=namespace)
        socketio.on_event("join", join_room, namespace=namespace)
        socketio.on_event("message-with-ack", message_with_ack, namespace=namespace)
    app.extensions["closing"] = lambda: close_all(socketio)
    app.add_url_rule("/pid", "pid", lambda: str(os.getpid()))
    app.add_url_rule("/held", "held", lambda: held(socketio))
    app.add_url_rule("/slow", "slow", lambda: slow(socketio))
    app.add_url_rule("/asked", "asked", lambda: " ".join(ASKED))
    app.add_url_rule("/file", "file", lambda: send_file(os.environ["FILE"]))
    app.add_url_rule("/endless", "endless", endless)
    app.wsgi_app = with_echo(app.wsgi_app)  # type: ignore[method-assign]
    return app


def connect(credentials: object = None) -> None:
    emit("auth", credentials or {})


def message(*said: object) -> None:
    emit("message-back", said)


def message_with_ack(*said: object) -> tuple[object, ...]:
    return said


def close_all(socketio: SocketIO) -> None:
    for namespace in ("/", "/custom"):
        socketio.emit("server:closing", {"delay": 0}, namespace=namespace)
    socketio.server.eio.disconnect()


def held(socketio: SocketIO) -> dict[str, int]:
    """How much is remembered of connections, here and there."""
    server, manager = socketio.server, socketio.server.manager
    kept = {"sockets": server.eio.sockets, "environ": server.environ, "rooms": manager.rooms}
    kept |= {"callbacks": manager.callbacks, "connecting": manager.pending_connect}
    if FAST:
        from chatapp.engine import loop  # noqa: PLC0415 - needs eventlet

        kept |= {name: getattr(manager, name) for name in ("_sids", "_sessions", "_members")}
        kept["descriptors"] = loop.current()._watchers
    return {name: len(each) for name, each in kept.items()}


def slow(socketio: SocketIO) -> str:
    ASKED.append("slow")
    socketio.sleep(float(request.args["seconds"]))
    return "done"


def endless() -> Response:
    """Told in ASKED, as long as somebody reads it."""

    def pages():
        ASKED.append("endless")
        try:
            while True:
                yield bytes(64 * 1024)
        finally:
            ASKED.remove("endless")

    return Response(pages())


def with_echo(wsgi_app):
    talk = echo_line if FAST else Upgrade(echo, limit=ECHO_LIMIT, fragments=100_000)

    def app(environ, start_response):
        inner = talk if environ["PATH_INFO"] == "/echo" else wsgi_app
        return inner(environ, start_response)

    return app


def echo(websocket: WebSocket) -> None:
    while (said := websocket.wait()) is not None:
        websocket.send(said)


def echo_line(environ, start_response):
    """The same on the fast engine, without Socket.IO."""
    from chatapp.engine import frames, line, loop, websocket  # noqa: PLC0415 - needs eventlet

    class Echo(line.Line):
        def hear(self, said):
            if isinstance(said, str):
                self.say(frames.text(said.encode()))
            else:
                self.say(frames.frame(frames.BINARY, said))

        def gone(self):
            pass

    refusal = websocket.refusal_of(environ)
    if refusal:
        return websocket.refuse(refusal, start_response)
    client = Echo(loop.current(), limit=ECHO_LIMIT, fragments=100_000)
    client.open(environ["gunicorn.socket"], websocket.acceptance(environ))
    raise StopIteration


app = create()
