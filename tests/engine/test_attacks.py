"""What one attacker can do to everybody else, over the wire, to a real worker on the fast engine.

The plain one closes them all the same, but a flood of tiny events holds it up for seconds: its
libraries have no turns.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conformance.served import Served
from tests.engine.wire import CONTINUATION, PING, TEXT, frame
from tests.live.system import eventually

pytestmark = pytest.mark.live

CLOSED_WITHIN = 1.0  # seconds; a loaded machine gets some grace below
MOST_MEMORY = 10 << 20
CROWD = 100  # sockets that one address may have open without saying whose they are
# Somebody else's request, at the 99th of a hundred: seconds that the worker may work at other things
# before it has answered, and that it may take by the clock, of which a busy machine takes away many.
SLOWEST, SLOWEST_BY_THE_CLOCK = 0.1, 2.0


@pytest.fixture(scope="module", params=["fast"])
def server(request, tmp_path_factory):
    log = tmp_path_factory.mktemp("gunicorn") / "log"
    with Served(
        log, "eventlet", ENGINE=request.param, CONNECT_WITHIN="2", UNKNOWN_PER_ADDRESS=str(CROWD)
    ) as server:
        yield server


class Attacker:
    open = []

    def __init__(self, server, *, connected=True):
        self.sock = socket.create_connection(("127.0.0.1", server.port), 10)
        self.sock.sendall(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        self.open.append(self.sock)
        answer = self.sock.recv(4096)
        assert b"101 Switching" in answer, answer
        if connected:
            self.say("40")
            self.hear(b'42["auth"')  # the last thing that who is let in is told

    def say(self, text):
        self.send(frame(TEXT, text.encode()))

    def send(self, data):
        self.sock.sendall(data)

    def hear(self, word):
        heard = b""
        while word not in heard:
            more = self.sock.recv(4096)
            assert more, heard
            heard += more

    def flood(self, data, seconds=3.0):
        """The same again and again, until we are closed; whether we were."""
        until = time.monotonic() + seconds
        self.sock.settimeout(0.5)
        while time.monotonic() < until:
            try:
                self.sock.sendall(data)
            except TimeoutError:
                continue
            except OSError:
                return True
        return False

    def closed_within(self, seconds):
        until = time.monotonic() + seconds
        with suppress(OSError):
            while (left := until - time.monotonic()) > 0:
                self.sock.settimeout(left)
                if not self.sock.recv(65536):
                    return True
            return False
        return time.monotonic() < until


def is_let_in(server):
    try:
        Attacker(server)
    except AssertionError:
        return False
    return True


def memory(server):
    pid = server.get("/pid")
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise AssertionError


def seconds_of_work(pid):
    """What the worker, which has one thread, has cost a processor until now."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def nearly_all(times):
    return sorted(times)[int(len(times) * 0.99)]


@pytest.fixture
def others(server):
    """Somebody else's hundred requests meanwhile, and what the worker's memory came to."""
    works, times, stop = [], [], threading.Event()

    def ask_once():
        worked, began = seconds_of_work(pid), time.monotonic()
        server.get("/pid")
        times.append(time.monotonic() - began)
        works.append(seconds_of_work(pid) - worked)

    def ask():
        while not stop.is_set():
            ask_once()
            stop.wait(0.01)

    pid = server.get("/pid")
    for _ in range(100):  # what the first requests leave behind is nobody's attack
        ask_once()
    before = memory(server)
    works.clear()
    times.clear()

    asker = threading.Thread(target=ask)
    asker.start()
    yield
    stop.set()
    asker.join()
    while Attacker.open:
        Attacker.open.pop().close()
    assert nearly_all(works) < SLOWEST
    assert nearly_all(times) < SLOWEST_BY_THE_CLOCK
    assert memory(server) - before < MOST_MEMORY


def test_fragments_without_end(server, others):
    attacker = Attacker(server)
    attacker.send(frame(TEXT, b"x", final=False))
    assert attacker.flood(frame(CONTINUATION, b"", final=False) * 1_000)


def test_a_frame_of_ten_megabytes(server, others):
    attacker = Attacker(server)
    attacker.send(frame(TEXT, b"", length=10_000_000))
    assert attacker.closed_within(CLOSED_WITHIN + 1)


def test_a_deflate_bomb_is_no_message(server, others):
    attacker = Attacker(server)
    attacker.send(frame(TEXT, b"\xec\xc1\x01" + b"\x00" * 1_000, reserved=0x40))
    assert attacker.closed_within(CLOSED_WITHIN + 1)


def test_json_three_thousand_deep(server, others):
    attacker = Attacker(server)
    attacker.say('42["message",' + "[" * 3_000 + "]" * 3_000 + "]")
    attacker.say("42" + "[" * 3_000)
    assert attacker.closed_within(CLOSED_WITHIN + 1)


def test_malformed_packets(server, others):
    for said in ("42{", "4", "45", "42[]", "461-[]", "9"):
        attacker = Attacker(server)
        attacker.say(said)
        assert attacker.closed_within(CLOSED_WITHIN + 1), said


def test_pings_and_tiny_events_without_end(server, others):
    attacker = Attacker(server)
    attacker.flood(frame(PING, b"x" * 10) * 1_000, seconds=1)
    other = Attacker(server)
    other.flood(frame(TEXT, b'421["message-with-ack"]') * 1_000, seconds=1)


def test_half_a_handshake_and_half_a_frame(server, others):
    half = socket.create_connection(("127.0.0.1", server.port), 10)
    half.sendall(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpg")
    attacker = Attacker(server)
    attacker.send(frame(TEXT, b"x" * 60_000)[:30_000])
    assert not attacker.closed_within(0.5)  # it waits for the rest, and keeps nobody from anything
    half.close()


def test_never_connect(server, others):
    assert Attacker(server, connected=False).closed_within(2 + CLOSED_WITHIN + 1)


def test_never_connect_with_many(server, others):
    """From one address at a time; who has said whose they are is no part of it."""
    friends = [Attacker(server) for _ in range(30)]
    with pytest.raises(AssertionError, match="429"):
        for _ in range(CROWD + 1):
            Attacker(server, connected=False)

    assert len(Attacker.open) > CROWD
    for friend in friends:
        friend.say('421["message-with-ack","still here"]')
        friend.hear(b"still here")
    while Attacker.open:
        Attacker.open.pop().close()
    eventually(lambda: is_let_in(server), within=5, every=0.2)


def test_a_reader_that_does_not_read(server, others):
    attacker = Attacker(server)
    attacker.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    assert attacker.flood(frame(TEXT, b'42["message","' + b"x" * 50_000 + b'"]'), seconds=20)


def test_ten_thousand_rooms(server, others):
    attacker = Attacker(server)
    for start in range(0, 10_000, 100):
        names = range(start, start + 100)
        attacker.send(b"".join(frame(TEXT, b'42["join","room-%d"]' % name) for name in names))
    attacker.say('421["message-with-ack"]')
    heard = b""
    while b"431[" not in heard:
        heard = heard[-10:] + attacker.sock.recv(65536)
    attacker.sock.close()
    until = time.monotonic() + 10
    while json.loads(server.get("/held"))["_members"]:
        assert time.monotonic() < until


def test_a_connection_that_is_reset(server, others):
    for _ in range(50):
        attacker = Attacker(server)
        attacker.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        attacker.sock.close()
