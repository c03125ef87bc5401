"""The fast path, put in the place of the plain one: ENGINE=fast, under our eventlet worker."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic
from typing import Any

from chatapp.engine import loop, websocket
from chatapp.engine.packets import CROWDED, Hardened
from chatapp.engine.session import Session, opening

_SWEEP = 0.5  # seconds between two looks at who is due for a ping

# What is kept of a handshake for as long as its connection lives: what makes a request of it.
_KEPT = (
    "REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "SERVER_NAME", "SERVER_PORT",
    "SERVER_PROTOCOL", "REMOTE_ADDR", "REMOTE_PORT", "wsgi.url_scheme", "HTTP_HOST", "HTTP_COOKIE",
    "HTTP_ORIGIN", "HTTP_USER_AGENT", "HTTP_AUTHORIZATION", "HTTP_X_REQUEST_ID", "flask.app",
)  # fmt: skip
_SAME_FOR_MANY = frozenset(_KEPT) - {
    "QUERY_STRING",
    "REMOTE_PORT",
    "HTTP_COOKIE",
    "HTTP_AUTHORIZATION",
}
_MOST_SAME = 10_000


class Fast(Hardened):
    """As Hardened, on lines instead of greenlets."""

    def install(self) -> None:
        engine = self.engine
        engine._handle_connect = self._accept
        engine.disconnect = self._disconnect
        engine.start_service_task = False
        engine.on("connect", self._connected)
        self._opening = opening(engine)
        self._same: dict[Any, Any] = {}

    def _accept(
        self,
        environ: dict[str, Any],
        start_response: Any,
        _transport: str,
        _jsonp_index: Any = None,
    ) -> Iterable[bytes]:
        """In the place of engineio.Server._handle_connect: a handshake that is allowed to be one."""
        refusal = websocket.refusal_of(environ)
        if not refusal and self._strangers.crowd(environ.get("REMOTE_ADDR", "")):
            refusal = CROWDED
        if refusal:
            return websocket.refuse(refusal, start_response)
        engine, sid = self.engine, self.engine.generate_id()
        session = Session(self, loop.current(), sid)
        engine.sockets[sid] = session
        engine._trigger_event("connect", sid, self._slim(environ), run_async=False)
        session.open(environ["gunicorn.socket"], websocket.acceptance(environ) + self._opening(sid))
        raise StopIteration  # to gunicorn's workers: the socket is ours now

    def _slim(self, environ: dict[str, Any]) -> dict[str, Any]:
        """The handshake without what nobody will ask; equal strings are kept once."""
        same = self._same
        if len(same) > _MOST_SAME:
            same.clear()
        return {
            key: same.setdefault(environ[key], environ[key])
            if key in _SAME_FOR_MANY
            else environ[key]
            for key in _KEPT
            if key in environ
        }

    def _watch(self) -> None:
        super()._watch()
        self.engine.start_background_task(self._sweep)

    def _sweep(self) -> None:
        """All heartbeats: a ping after `ping_interval` of nothing, the end `ping_timeout` later."""
        engine = self.engine
        while True:
            engine.sleep(_SWEEP)
            now = monotonic()
            for session in list(engine.sockets.values()):
                if session.pinged_at >= 0:
                    if now - session.pinged_at >= engine.ping_interval:
                        session.ping(now)
                elif now + session.pinged_at >= engine.ping_timeout:
                    session.time_out()
