"""Somebody who comes into a room and from then on reads nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def asleep(port: int, client: str) -> Iterator[None]:
    """`client`: a line of the generator's input."""
    _, credentials, resume = client.split("\t")
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(10)
        sock.connect(("127.0.0.1", port))
        sock.sendall(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        _hear(sock, b'"sid"')
        sock.sendall(_text(f"40{credentials}"))
        _hear(sock, b'40{"sid"')
        sock.sendall(_text(f'420["room:resume",{resume}]'))
        _hear(sock, b"430[")
        yield


def _text(text: str) -> bytes:
    """A masked frame; the mask is zero."""
    data = text.encode()
    size = (
        bytes((0x80 | len(data),))
        if len(data) < 126
        else bytes((0xFE,)) + len(data).to_bytes(2, "big")
    )
    return b"\x81" + size + bytes(4) + data


def _hear(sock: socket.socket, mark: bytes) -> None:
    heard = b""
    while mark not in heard:
        more = sock.recv(65536)
        if not more:
            raise ConnectionError(f"hung up before {mark!r}: {heard[-300:]!r}")
        heard += more
