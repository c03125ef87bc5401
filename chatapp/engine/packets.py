"""Engine.IO and Socket.IO as our clients may speak them: text, well-formed, CONNECT first.

The plain libraries answer a malformed packet with a traceback and go on, accumulate attachments
nobody will complete, and keep a client that never connects for ever. Here each of those ends the
connection, with a close frame that says why.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from socketio import packet as packets

from chatapp.engine import outbox, websocket
from chatapp.engine.frames import PROTOCOL_ERROR, UNSUPPORTED
from chatapp.engine.strangers import Strangers
from chatapp.engine.websocket import WebSocket

CROWDED = "429 Too Many Requests"
_CLOSE, _PONG, _MESSAGE = "1", "3", "4"  # the Engine.IO packets a client may send over a WebSocket
_RESERVED = frozenset(("connect", "connect_error", "disconnect"))  # events the server raises itself
_LARGEST_ID = 2**53  # of an acknowledgement: what JavaScript can count to
_OUTBOX = {"packets": 1_000, "size": 1 << 20}  # what one client may owe us


class Malformed(ValueError):
    """Not a packet a client may send."""


class Hardened:
    """Stands between one socketio.Server and its Engine.IO server.

    `connect_within` is in seconds: how long a client may be in no namespace before it is closed.
    `unknown_per_address`: how many of those one address may have open here.
    `settled` is told a sid once its CONNECT was answered, with whether the client is still there.
    """

    def __init__(
        self,
        server: Any,
        *,
        connect_within: float,
        unknown_per_address: int,
        settled: Callable[[str, bool], None] | None = None,
    ) -> None:
        self.server, self.engine = server, server.eio
        # Of what is no WebSocket of ours, a scanner's polling most of all, not even the first is an error.
        self.engine.log_message_keys |= {"bad-transport", "bad-version"}
        self._connect_within = connect_within
        self._settled = settled
        self._stock_connect = server._handle_connect
        server._handle_connect = self._connect
        self._strangers = Strangers(unknown_per_address)
        self._watching = False

    def install(self) -> None:
        engine = self.engine
        queue_class = outbox.bounded(engine._async["queue"], **_OUTBOX)
        engine.create_queue = queue_class
        self._stock_accept = engine._handle_connect
        engine._handle_connect = self._accept
        engine.disconnect = self._disconnect
        engine._async = {**engine._async, "websocket": self._transport}
        engine.on("connect", self._connected)
        engine.on("message", self._received)

    def _accept(
        self, environ: dict[str, Any], start_response: Any, *how: Any, **more: Any
    ) -> Iterable[bytes]:
        """A handshake, unless its address has too many open that nobody knows."""
        if self._strangers.crowd(_address(environ)):
            return websocket.refuse(CROWDED, start_response)
        answer: Iterable[bytes] = self._stock_accept(environ, start_response, *how, **more)
        return answer

    def _transport(self, handler: Any, server: Any) -> websocket.Upgrade:
        """Engine.IO asks here for something that shakes hands and then calls `handler` with a
        WebSocket.
        """
        connection = handler.__self__

        def talk(ws: WebSocket) -> None:
            connection.queue.on_overflow = ws.abort
            connection.transport = ws
            try:
                handler(_Checked(ws))
            except (
                Exception
            ) as error:  # of Engine.IO, which would write an HTTP 500 into the WebSocket
                self.server.logger.warning("connection failed: %r", error)
                ws.close(PROTOCOL_ERROR)
                connection.queue.put(None)
                connection.close(wait=False, abort=True, reason=server.reason.TRANSPORT_ERROR)
            finally:
                server.sockets.pop(connection.sid, None)

        return websocket.Upgrade(talk, limit=server.max_http_buffer_size)

    def _connected(self, eio_sid: str, environ: dict[str, Any]) -> Any:
        self._strangers.come(eio_sid, _address(environ), time.monotonic())
        if not self._watching:
            self._watching = True
            self._watch()
        return self.server._handle_eio_connect(eio_sid, environ)

    def _watch(self) -> None:
        """Begin what goes on for as long as the server does."""
        self.engine.start_background_task(self._close_the_silent)

    def _received(self, eio_sid: str, text: Any) -> None:
        try:
            self.dispatch(eio_sid, text)
        except Malformed as reason:
            self.server.logger.info("closed %s: %s", eio_sid, reason)
            connection = self.engine.sockets.get(eio_sid)
            if connection is not None:
                connection.transport.close(PROTOCOL_ERROR, str(reason))

    def dispatch(self, eio_sid: str, text: Any) -> None:
        """Do what a Socket.IO packet asks for. Raises Malformed."""
        server = self.server
        packet = read(text, server.packet_class)
        namespace = packet.namespace or "/"
        inside = server.manager.sid_from_eio_sid(eio_sid, namespace) is not None
        if packet.packet_type == packets.CONNECT:
            if inside:
                raise Malformed("connected twice")
            self._admit(eio_sid, namespace, packet.data)
        elif packet.packet_type == packets.DISCONNECT:
            server._handle_disconnect(eio_sid, namespace, server.reason.CLIENT_DISCONNECT)
        elif not inside:
            raise Malformed("CONNECT comes first")
        elif packet.packet_type == packets.EVENT:
            server._handle_event(eio_sid, namespace, packet.id, packet.data)
        else:
            server._handle_ack(eio_sid, namespace, packet.id, packet.data)

    def _admit(self, eio_sid: str, namespace: str, credentials: Any) -> None:
        server = self.server
        known = namespace in server.handlers or namespace in server.namespace_handlers
        if known:
            server._handle_connect(eio_sid, namespace, credentials)
            return
        refusal = {"message": "Invalid namespace"}
        server._send_packet(
            eio_sid, server.packet_class(packets.CONNECT_ERROR, data=refusal, namespace=namespace)
        )

    def _connect(self, eio_sid: str, namespace: str, credentials: Any) -> None:
        """As the server's own; then whoever was let in may hear things, not before: an event that
        overtakes the answer to CONNECT is lost on some clients.
        """
        self._stock_connect(eio_sid, namespace, credentials)
        sid = self.server.manager.sid_from_eio_sid(eio_sid, namespace or "/")
        if sid is None:
            return
        self._strangers.forget(eio_sid)
        if self._settled:
            self._settled(sid, eio_sid in self.server.environ)

    def _close_the_silent(self) -> None:
        """A client in no namespace, be it that it never came or that it was sent away, has its time
        and is then closed.
        """
        while True:
            self.engine.sleep(self._connect_within / 4)
            now = time.monotonic()
            for eio_sid in list(self.engine.sockets):
                if self._is_inside(eio_sid):
                    self._strangers.forget(eio_sid)
                elif now - self._strangers.since(eio_sid, now) >= self._connect_within:
                    self.engine.disconnect(eio_sid)
            self._strangers.forget_all_but(self.engine.sockets)

    def _is_inside(self, eio_sid: str) -> bool:
        manager = self.server.manager
        return any(
            manager.sid_from_eio_sid(eio_sid, name) for name in list(manager.get_namespaces())
        )

    def _disconnect(self, sid: str | None = None) -> None:
        """As engineio.Server.disconnect, but it does not wait for a client that may never read its
        farewell.
        """
        engine = self.engine
        for each in list(engine.sockets) if sid is None else [sid]:
            connection = engine.sockets.pop(each, None)
            if connection is not None:
                connection.close(wait=False, reason=engine.reason.SERVER_DISCONNECT)


def _address(environ: dict[str, Any]) -> str:
    return str(environ.get("REMOTE_ADDR", ""))


class _Checked:
    """A WebSocket as Engine.IO sees it: only packets that a client may send come out of it."""

    def __init__(self, ws: WebSocket) -> None:
        self._ws = ws
        self.socket = ws.socket  # Engine.IO sets its timeout
        self.send, self.close = ws.send, ws.close

    def wait(self) -> str | None:
        message = self._ws.wait()
        if isinstance(message, bytes):
            self._ws.close(UNSUPPORTED, "binary is not spoken here")
            return None
        if message is not None and not _is_engine_packet(message):
            self._ws.close(PROTOCOL_ERROR, "malformed packet")
            return None
        return message


def _is_engine_packet(message: str) -> bool:
    if message[:1] == _MESSAGE:
        return len(message) > 1
    return message in (_CLOSE, _PONG)


def read(text: Any, packet_class: Any) -> Any:
    """The Socket.IO packet that `text` is. Raises Malformed and nothing else."""
    if not isinstance(text, str) or text[:1] not in "01234":
        raise Malformed("unknown packet type")
    try:
        packet = packet_class(encoded_packet=text)
    except (ValueError, RecursionError, IndexError, TypeError):
        raise Malformed("unreadable packet") from None
    if packet.attachment_count or not _has_shape(packet):
        raise Malformed("malformed packet")
    return packet


def _has_shape(packet: Any) -> bool:
    kind, data, number = packet.packet_type, packet.data, packet.id
    if kind == packets.CONNECT:
        return number is None and (data is None or isinstance(data, dict))
    if kind == packets.DISCONNECT:
        return number is None and data is None
    if number is not None and number > _LARGEST_ID:
        return False
    if kind == packets.ACK:
        return number is not None and isinstance(data, list)
    return kind == packets.EVENT and is_event(data)


def is_event(data: Any) -> bool:
    """A list that begins with the name of an event that clients may send."""
    return (
        isinstance(data, list)
        and bool(data)
        and isinstance(data[0], str)
        and data[0] not in _RESERVED
    )
