"""A WebSocket's handshake read in one go, when it came in one piece and is nothing unusual.

gunicorn's parser knows all of HTTP and takes its time. Anything but a plain upgrade, whole in the
first segment, is left to it: we only peeked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from socket import MSG_PEEK, socket
from typing import Any

_LONGEST = 8192  # bytes

# Underscores are no part of it: as a CGI variable such a name would pass for another one.
_HEADER = re.compile(rb"([!#$%&'*+.^`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*\r\n")
_TARGET = re.compile(rb"GET (/socket\.io/)\?([!$&'()*+,./0-9:;=?@A-Z_a-z~%-]*) HTTP/1\.1\r\n")
_UNUSUAL = frozenset(
    (b"content-length", b"transfer-encoding", b"expect", b"content-type", b"http2-settings", b"te")
)


def peek(sock: socket, wait: Callable[[], None]) -> bytes:
    """The first segment, left where it is. As a rule it is here before we look."""
    try:
        return sock.recv(_LONGEST, MSG_PEEK)
    except BlockingIOError:
        wait()
        return sock.recv(_LONGEST, MSG_PEEK)


def environ_of(data: bytes, addr: Any, server: Any) -> dict[str, Any] | None:
    """The WSGI environment of the request that `data` is; None when it is for gunicorn to say."""
    target = _TARGET.match(data)
    if target is None or not data.endswith(b"\r\n\r\n"):
        return None
    environ: dict[str, Any] = {}
    at, end = target.end(), len(data) - 2
    while at < end:
        header = _HEADER.match(data, at)
        if header is None:
            return None
        name = header[1].lower()
        key = "HTTP_" + name.decode().upper().replace("-", "_")
        if name in _UNUSUAL or key in environ:
            return None
        environ[key] = header[2].decode("latin-1")
        at = header.end()
    if at != end or "HTTP_HOST" not in environ or not _upgrades(environ):
        return None
    environ.update(
        {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": target[1].decode(),
            "QUERY_STRING": target[2].decode(),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_NAME": server[0],
            "SERVER_PORT": str(server[1]),
            "REMOTE_ADDR": addr[0],
            "REMOTE_PORT": str(addr[1]),
            "wsgi.url_scheme": "http",
        }
    )
    return environ


def refusal_to(client: Any) -> Callable[..., None]:
    """A WSGI start_response for a request that ends its connection."""

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
        lines = [f"HTTP/1.1 {status}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers if name.lower() != "connection"]
        client.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))

    return start_response


def _upgrades(environ: dict[str, Any]) -> bool:
    return str(environ.get("HTTP_UPGRADE", "")).lower() == "websocket"
