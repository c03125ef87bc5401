"""The engine reaches into these libraries: a new version must be read, and its tests run, before it
is let in.
"""

from __future__ import annotations

from importlib.metadata import version

import pytest

REACHED_INTO = {
    # worker.py: GreenSocket.sendfile, trampoline, WSGI_LOCAL; outbox.py: Queue._put, _get
    "eventlet": "0.41.3",
    "gunicorn": "27.0.1",  # worker.py: AsyncWorker, PIPE; gunicorn.conf.py: SUPPORTED_WORKERS
    "python-engineio": "4.15.1",  # packets.py: _async, Socket._websocket_handler, Socket.close
    "python-socketio": "5.18.1",  # packets.py: Server._handle_*, Packet
}


@pytest.mark.parametrize("name", REACHED_INTO)
def test_what_we_override_is_the_version_we_know(name):
    assert version(name) == REACHED_INTO[name]
