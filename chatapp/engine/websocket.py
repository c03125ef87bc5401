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
from collections.abc import Callable, Iterable
from typing import Any

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_LINGER = 1.0  # seconds we wait for a client to take note of our close frame
_SEGMENT = 64 * 1024

NORMAL, PROTOCOL_ERROR, UNSUPPORTED, INVALID_TEXT, TOO_BIG = 1000, 1002, 1003, 1007, 1009


class _Violation(Exception):
    """The client broke the protocol; ends as a close frame with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class _Gone(Exception):
    """Nothing more will come."""


class WebSocket:
    """One connection after its handshake. One reader; any number of writers.

    `limit` bounds a message in bytes, however many frames it comes in; `fragments` bounds those.
    """

    def __init__(self, sock: socket.socket, *, limit: int, fragments: int = 1_000) -> None:
        self.socket = sock
        self._limit, self._fragments = limit, fragments
        self._unread = b""
        self._writing = threading.Lock()
        self._closed = False

    def wait(self) -> str | bytes | None:
        """The next whole message; None when there will be none. A violation is answered with its
        close frame.
        """
        if self._closed:
            return None
        try:
            return self._next_message()
        except _Violation as violation:
            self.close(violation.code, violation.reason)
        except (_Gone, OSError):
            self._closed = True
        return None

    def send(self, message: str | bytes) -> None:
        """Raises OSError when the client is gone or takes nothing for as long as the socket's
        timeout.
        """
        if isinstance(message, str):
            self._write(_frame(_TEXT, message.encode()))
        else:
            self._write(_frame(_BINARY, message))

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Say why, once, and stop writing. What the client sends after this is not read."""
        with contextlib.suppress(OSError):
            self._write(_frame(_CLOSE, code.to_bytes(2, "big") + reason.encode()))
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

    def _next_message(self) -> str | bytes:
        kind, parts, size = None, [], 0
        while True:
            final, opcode, payload = self._next_frame(self._limit - size)
            if opcode & 0x8:
                self._control(opcode, payload)
                continue
            if (opcode == _CONTINUATION) != (kind is not None):
                raise _Violation(PROTOCOL_ERROR, "continuation out of place")
            kind = opcode if kind is None else kind
            parts.append(payload)
            size += len(payload)
            if len(parts) > self._fragments:
                raise _Violation(TOO_BIG, "too many fragments")
            if final:
                whole = b"".join(parts)
                return _text(whole) if kind == _TEXT else whole

    def _next_frame(self, room: int) -> tuple[bool, int, bytes]:
        """The next frame, its payload unmasked and no longer than `room` unless it is a control
        frame.
        """
        first, second = self._read(2)
        opcode, length = first & 0x0F, second & 0x7F
        if first & 0x70:
            raise _Violation(PROTOCOL_ERROR, "reserved bits")
        if opcode not in (_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG):
            raise _Violation(PROTOCOL_ERROR, "unknown opcode")
        if not second & 0x80:
            raise _Violation(PROTOCOL_ERROR, "unmasked frame")
        if opcode & 0x8 and (length > 125 or not first & 0x80):
            raise _Violation(PROTOCOL_ERROR, "control frame too long or in fragments")
        if length > 125:
            length = int.from_bytes(self._read(2 if length == 126 else 8), "big")
        if not opcode & 0x8 and length > room:
            raise _Violation(TOO_BIG, "message too big")
        mask = self._read(4)
        return bool(first & 0x80), opcode, _unmask(self._read(length), mask)

    def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == _PING:
            self._write(_frame(_PONG, payload))
        elif opcode == _CLOSE:
            self.close(_answer_to_close(payload))
            raise _Gone

    def _read(self, count: int) -> bytes:
        pieces, have = [self._unread], len(self._unread)
        while have < count:
            piece = self.socket.recv(_SEGMENT)
            if not piece or self._closed:
                raise _Gone
            pieces.append(piece)
            have += len(piece)
        joined = b"".join(pieces)
        self._unread = joined[count:]
        return joined[:count]

    def _write(self, frame: bytes) -> None:
        with self._writing:
            if self._closed:
                raise BrokenPipeError
            self.socket.sendall(frame)


class Upgrade:
    """A WSGI application under gunicorn: the handshake, then `talk(websocket)` until it returns."""

    def __init__(
        self, talk: Callable[[WebSocket], object], *, limit: int, fragments: int = 1_000
    ) -> None:
        self._talk, self._limit, self._fragments = talk, limit, fragments

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        refusal = _refusal(environ)
        if refusal:
            start_response(
                refusal,
                [("Sec-WebSocket-Version", "13"), ("Connection", "close"), ("Content-Length", "0")],
            )
            return []
        sock = environ["gunicorn.socket"]
        sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %s\r\n\r\n" % _accept(environ["HTTP_SEC_WEBSOCKET_KEY"])
        )
        websocket = WebSocket(sock, limit=self._limit, fragments=self._fragments)
        try:
            self._talk(websocket)
        finally:
            websocket.close()
            websocket.linger()
        raise StopIteration  # to gunicorn's workers: this connection is used up, write no answer


def _refusal(environ: dict[str, Any]) -> str | None:
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


def _accept(key: str) -> bytes:
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest())


def _frame(opcode: int, payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes((0x80 | opcode, length)) + payload
    if length < 65536:
        return bytes((0x80 | opcode, 126)) + length.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + length.to_bytes(8, "big") + payload


def _unmask(payload: bytes, mask: bytes) -> bytes:
    """One XOR of two large integers: a loop over the bytes stops the worker for 680 ms per MB."""
    length = len(payload)
    pattern = (mask * (length // 4 + 1))[:length]
    clear = int.from_bytes(payload, "little") ^ int.from_bytes(pattern, "little")
    return clear.to_bytes(length, "little")


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise _Violation(INVALID_TEXT, "invalid UTF-8") from None


def _answer_to_close(payload: bytes) -> int:
    """The code to close with: the client's own, if it may be sent at all."""
    if not payload:
        return NORMAL
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or not (1000 <= code <= 1014 or 3000 <= code <= 4999):
        raise _Violation(PROTOCOL_ERROR, "invalid close code")
    if code in (1004, 1005, 1006):  # reserved, never on the wire
        raise _Violation(PROTOCOL_ERROR, "invalid close code")
    _text(payload[2:])
    return code
