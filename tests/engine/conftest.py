"""The fast engine in one process: our end in its loop, the client's end on a green socket."""

from __future__ import annotations

import socket

import eventlet
import pytest
from eventlet.greenio import GreenSocket

from chatapp.engine import loop
from tests.engine.wire import CLOSE, TEXT, frame


class Peer:
    """The client's end of a line."""

    def __init__(self, sock):
        self.sock = GreenSocket(sock)
        self.sock.settimeout(5)
        self._unread = b""

    def say(self, text):
        self.send(frame(TEXT, text.encode()))

    def send(self, data):
        self.sock.sendall(data)

    def read(self, count):
        while len(self._unread) < count:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError
            self._unread += data
        data, self._unread = self._unread[:count], self._unread[count:]
        return data

    def frame(self):
        """Opcode and payload of the server's next frame."""
        first, second = self.read(2)
        assert not second & 0x80, "masked by a server"
        length = second
        if second > 125:
            length = int.from_bytes(self.read(2 if second == 126 else 8), "big")
        return first & 0x0F, self.read(length)

    def hear(self):
        opcode, payload = self.frame()
        assert opcode == TEXT, (opcode, payload)
        return payload.decode()

    def hear_close(self):
        """Its code; texts before it are skipped, and after it comes the end."""
        while True:
            opcode, payload = self.frame()
            if opcode == CLOSE:
                with pytest.raises(EOFError):
                    self.read(1)
                return int.from_bytes(payload[:2], "big")

    def leave(self):
        self.sock.close()


def eventually(true, within=5.0):
    """Let the loop run until it is."""
    with eventlet.Timeout(within, AssertionError(f"not within {within} s")):
        while not true():
            eventlet.sleep(0.005)


@pytest.fixture
def here():
    return loop.current()


@pytest.fixture
def pair():
    """Two connected sockets: one for the engine to take, green as gunicorn has it, and a Peer."""
    ours, theirs = socket.socketpair()
    green = GreenSocket(ours)
    peer = Peer(theirs)
    yield green, peer
    peer.leave()
    green.close()
