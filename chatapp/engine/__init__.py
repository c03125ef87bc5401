"""Beside the house: it knows sockets, frames and packets, and nothing of chat.

`worker.py` is loaded by gunicorn.conf.py, not from here.
"""

from __future__ import annotations

from typing import Any

from chatapp.engine.packets import Hardened


def harden(socketio: Any, *, connect_within: float = 10.0) -> None:
    """Close what the plain libraries leave open, on a flask_socketio.SocketIO that has its app.

    Once per SocketIO, before it serves. Then: no binary, no permessage-deflate, one message at most
    `max_http_buffer_size` bytes whatever its fragments, malformed packets close the connection, so
    does `connect_within` seconds in no namespace, and a client that does not read is dropped
    instead of waited for.
    """
    Hardened(socketio.server, connect_within=connect_within).install()
