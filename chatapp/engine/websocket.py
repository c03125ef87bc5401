"""The server's end of a WebSocket (RFC 6455), written for hostile clients.

It knows a socket and frames, blocks where the socket blocks, and so serves greenlets and threads
alike. No extensions are negotiated: permessage-deflate would keep a zlib context for every
connection.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from chatapp.engine import frames

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_LINGER = 1.0  # seconds we wait for a client to take note of our close frame
_SEGMENT = 64 * 1024


class WebSocket:
    """One connection after its handshake. One reader; any number of writers.

    `limit` bounds a message in bytes, however many frames it comes in; `fragments` bounds those.
    """

    def __init__(self, sock: socket.socket, *, limit: int, fragments: int = 1_000) -> None:
        self.socket = sock
        self._reader = frames.Reader(limit=limit, fragments=fragments)
        self._came: deque[frames.Item] = deque()
        self._writing = threading.Lock()
        self._closed = False

    def wait(self) -> str | bytes | None:
        """The next whole message; None when there will be none. A violation is answered with its
        close frame.
        """
        try:
            while not self._closed:
                while not self._came:
                    self._receive()
                item = self._came.popleft()
                if not isinstance(item, frames.Control):
                    return item
                self._answer(item)
        except OSError:
            self._closed = True
        return None

    def send(self, message: str | bytes) -> None:
        """Raises OSError when the client is gone or takes nothing for as long as the socket's
        timeout.
        """
        if isinstance(message, str):
            self._write(frames.text(message.encode()))
        else:
            self._write(frames.frame(frames.BINARY, message))

    def close(self, code: int = frames.NORMAL, reason: str = "") -> None:
        """Say why, once, and stop writing. What the client sends after this is not read."""
        with contextlib.suppress(OSError):
            self._write(frames.close(code, reason), last=True)
            self.socket.shutdown(socket.SHUT_WR)
        self._closed = True

    def abort(self) -> None:
        """Give up on a client that does not read: a blocked send or wait comes back at once."""
        self._closed = True
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def linger(self) -> None:
        """Let our close frame arrive: a socket closed with unread input is reset, frame and all."""
        until = time.monotonic() + _LINGER
        with contextlib.suppress(OSError):
            while (left := until - time.monotonic()) > 0:
                self.socket.settimeout(left)
                if not self.socket.recv(_SEGMENT):
                    return

    def _receive(self) -> None:
        """Until something came whole, or this is the end."""
        if self._reader.violation:
            self.close(self._reader.violation.code, self._reader.violation.reason)
        if self._closed:
            raise BrokenPipeError
        data = self.socket.recv(_SEGMENT)
        if not data:
            raise BrokenPipeError
        self._came.extend(self._reader.feed(data))

    def _answer(self, control: frames.Control) -> None:
        if control.opcode == frames.PING:
            self._write(frames.frame(frames.PONG, control.payload))
        elif control.opcode == frames.CLOSE:
            self.close(frames.answer_to(control))

    def _write(self, frame: bytes, *, last: bool = False) -> None:
        with self._writing:
            if self._closed:
                raise BrokenPipeError
            self.socket.sendall(frame)
            self._closed = last  # in here: whoever reads its answer at once must not answer that


class Upgrade:
    """A WSGI application under gunicorn: the handshake, then `talk(websocket)` until it returns."""

    def __init__(
        self, talk: Callable[[WebSocket], object], *, limit: int, fragments: int = 1_000
    ) -> None:
        self._talk, self._limit, self._fragments = talk, limit, fragments

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        refusal = refusal_of(environ)
        if refusal:
            return refuse(refusal, start_response)
        sock = environ["gunicorn.socket"]
        sock.sendall(acceptance(environ))
        websocket = WebSocket(sock, limit=self._limit, fragments=self._fragments)
        try:
            self._talk(websocket)
        finally:
            websocket.close()
            websocket.linger()
        raise StopIteration  # to gunicorn's workers: this connection is used up, write no answer


def refuse(status: str, start_response: Any) -> Iterable[bytes]:
    start_response(
        status,
        [("Sec-WebSocket-Version", "13"), ("Connection", "close"), ("Content-Length", "0")],
    )
    return []


def refusal_of(environ: dict[str, Any]) -> str | None:
    """The status that answers a request which is no WebSocket handshake; None when it is one."""
    connection = [part.strip() for part in environ.get("HTTP_CONNECTION", "").lower().split(",")]
    if environ.get("HTTP_UPGRADE", "").lower() != "websocket" or "upgrade" not in connection:
        return "400 Bad Request"
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
        return "426 Upgrade Required"
    try:
        key = base64.b64decode(environ.get("HTTP_SEC_WEBSOCKET_KEY", ""), validate=True)
    except (binascii.Error, ValueError):
        return "400 Bad Request"
    return None if len(key) == 16 else "400 Bad Request"


def acceptance(environ: dict[str, Any]) -> bytes:
    """What completes the handshake. No extensions: see above."""
    key = environ["HTTP_SEC_WEBSOCKET_KEY"].encode()
    proof = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %s\r\n\r\n" % proof
    )
