"""The engine reaches into these libraries: a new version must be read, and its tests run, before it
is let in.
"""

from __future__ import annotations

from importlib.metadata import version

import pytest

REACHED_INTO = {
    "redis": "8.1.0",  # client.py: execute_command, response_callbacks; pipe.py: BaseParser
    "limits": "5.8.0",  # store/limits.py: RedisStorage.get_connection
    "flask": "3.1.3",  # context.py: _cv_app
    # worker.py: GreenSocket.sendfile, trampoline, WSGI_LOCAL; outbox.py: Queue._put, _get
    # loop.py: hub.add, schedule_call_global; speaker.py: GreenSocket.fd
    "eventlet": "0.41.3",
    "gunicorn": "27.0.1",  # worker.py: AsyncWorker, PIPE; gunicorn.conf.py: SUPPORTED_WORKERS
    "python-engineio": "4.15.1",  # packets.py: _async, log_message_keys, Socket._websocket_handler, close
    # fast.py: Server._handle_connect, start_service_task; session.py: all that it asks of a Socket
    "python-socketio": "5.18.1",  # packets.py: Server._handle_*, Packet
    # fanout.py: Manager.emit and the basic_* methods, rooms, pending_*, callbacks
}


@pytest.mark.parametrize("name", REACHED_INTO)
def test_what_we_override_is_the_version_we_know(name):
    assert version(name) == REACHED_INTO[name]
