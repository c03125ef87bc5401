"""The wire as clients of every kind see it, on both of the workers that we support."""

from __future__ import annotations

import json
import socket
import struct
import time
from contextlib import closing

import pytest
import websocket

pytestmark = pytest.mark.live


@pytest.fixture(scope="module", params=["eventlet fast", "eventlet plain", "gthread plain"])
def server(request, serve):
    worker_class, engine = request.param.split()
    return serve(worker_class, CONNECT_WITHIN="2", ENGINE=engine)


class Client:
    """A Socket.IO client that can also say what no client may."""

    def __init__(self, port: int, timeout: float = 5) -> None:
        self.ws = websocket.create_connection(
            f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket", timeout=timeout
        )
        self.opened = json.loads(self.hear()[1:])

    def say(self, text: str) -> None:
        self.ws.send(text)

    def hear(self) -> str:
        """The next text; a close is a failure here."""
        opcode, data = self.ws.recv_data(control_frame=True)
        assert opcode == websocket.ABNF.OPCODE_TEXT, close_code(data)
        return data.decode()

    def hear_close(self) -> int:
        """The code of the close frame; texts before it are skipped, and after it comes the end."""
        while True:
            opcode, data = self.ws.recv_data(control_frame=True)
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                with pytest.raises(websocket.WebSocketConnectionClosedException):
                    self.ws.recv_data()
                return close_code(data)

    def connect(self, namespace: str = "") -> None:
        self.say(f"40{namespace}")
        assert self.hear().startswith(f'40{namespace}{{"sid":')
        assert self.hear() == f'42{namespace}["auth",{{}}]'


def close_code(data: bytes) -> int:
    return struct.unpack("!H", data[:2])[0]


@pytest.fixture
def stranger(server):
    client = Client(server.port)
    yield client
    client.ws.close()


@pytest.fixture
def client(stranger):
    stranger.connect()
    return stranger


def test_the_first_packet_says_what_is_allowed(stranger):
    assert stranger.opened["upgrades"] == []
    assert stranger.opened["maxPayload"] == 64 * 1024


def test_connect_comes_before_the_first_event_and_carries_the_credentials(stranger):
    stranger.say('40{"token":"x"}')
    assert stranger.hear().startswith('40{"sid":')
    assert stranger.hear() == '42["auth",{"token":"x"}]'


def test_another_namespace_is_apart(client):
    client.connect("/custom,")
    client.say('42/custom,["message","hi"]')
    assert client.hear() == '42/custom,["message-back","hi"]'
    client.say("41/custom,")
    client.say('42["message","still here"]')
    assert client.hear() == '42["message-back","still here"]'


def test_an_unknown_namespace_is_refused_in_words(stranger):
    stranger.say("40/random")
    assert stranger.hear() == '44/random,{"message":"Invalid namespace"}'


def test_an_event_comes_back_whole(client):
    client.say('42["message",1,"2",{"3":[true]}]')
    assert client.hear() == '42["message-back",1,"2",{"3":[true]}]'


def test_an_acknowledgement_carries_what_was_returned(client):
    client.say('42456["message-with-ack",1,"2",{"3":[false]}]')
    assert client.hear() == '43456[1,"2",{"3":[false]}]'


def test_an_acknowledgement_of_nothing_is_empty(client):
    client.say('420["message-with-ack"]')
    assert client.hear() == "430[]"


def test_an_event_nobody_handles_is_ignored(client):
    client.say('42["unheard-of"]')
    client.say('421["message-with-ack","next"]')
    assert client.hear() == '431["next"]'


def test_after_leaving_the_only_namespace_one_may_connect_again(client):
    client.say("41")
    client.connect()


@pytest.mark.parametrize(
    "said",
    [
        '42["message","early"]',
        '431["early"]',
        "40abc",
        "4abc",
        "4",
        "5",
        "2",
        "6",
        "0",
        "bAAEC",
        "",
        "x",
        "²",
    ],
)
def test_a_stranger_who_says_something_malformed_is_closed(stranger, said):
    stranger.say(said)
    assert stranger.hear_close() == 1002


@pytest.mark.parametrize(
    "said",
    [
        "40",
        "42",
        "42{}",
        "42[]",
        "42[1]",
        '42["disconnect"]',
        '42["connect",{}]',
        '42abc["message-with-ack",1]',
        '42["message"',
        "42" + "[" * 30_000,
        "43[]",
        "44{}",
        '451-["message",{"_placeholder":true,"num":0}]',
        '459999999999-["message"]',
        "461-7[]",
        '42/nowhere,["message"]',
    ],
)
def test_a_client_who_says_something_malformed_is_closed(client, said):
    client.say(said)
    assert client.hear_close() == 1002


def test_binary_is_refused(client):
    client.ws.send_binary(b"\x01\x02")
    assert client.hear_close() == 1003


def test_who_never_connects_is_closed_in_time(server):
    began = time.monotonic()
    client = Client(server.port)
    with closing(client.ws):
        assert client.hear_close() == 1000
    assert 1.9 < time.monotonic() - began < 4


def test_who_leaves_every_namespace_and_stays_is_closed_too(client):
    client.say("41")
    assert client.hear_close() == 1000


def test_who_is_connected_stays(client):
    client.ws.settimeout(3)
    with pytest.raises(websocket.WebSocketTimeoutException):
        client.hear()
    client.say('42["message","here"]')
    client.ws.settimeout(5)
    assert client.hear() == '42["message-back","here"]'


def test_a_message_just_within_the_limit_passes(client):
    body = "x" * (64 * 1024 - len('42["message",""]'))
    client.say(f'42["message","{body}"]')
    assert client.hear() == f'42["message-back","{body}"]'


def test_a_message_over_the_limit_is_closed(client):
    client.say("42" + "x" * 64 * 1024)
    assert client.hear_close() == 1009


def test_fragments_are_counted_together(client):
    piece = websocket.ABNF.create_frame("x" * 1_000, websocket.ABNF.OPCODE_TEXT, fin=0)
    client.ws.send_frame(piece)
    piece.opcode = websocket.ABNF.OPCODE_CONT
    for _ in range(65):
        client.ws.send_frame(piece)
    assert client.hear_close() == 1009


def test_compression_is_not_negotiated(server):
    ws = websocket.create_connection(
        f"ws://127.0.0.1:{server.port}/echo",
        header=["Sec-WebSocket-Extensions: permessage-deflate"],
        timeout=5,
    )
    assert "sec-websocket-extensions" not in ws.headers
    ws.close()


def test_the_bare_echo_says_everything_back(server):
    ws = websocket.create_connection(f"ws://127.0.0.1:{server.port}/echo", timeout=20)
    ws.send("grüß dich")
    assert ws.recv() == "grüß dich"
    ws.send_binary(bytes(range(256)) * 4_000)
    assert ws.recv() == bytes(range(256)) * 4_000
    ws.close(4_001)


def test_a_megabyte_does_not_stop_the_others(server):
    """Unmasked byte by byte, this one would stand still for longer than a person waits."""
    heavy = websocket.create_connection(f"ws://127.0.0.1:{server.port}/echo", timeout=20)
    heavy.send_binary(b"x" * (8 << 20))
    began = time.monotonic()
    server.get("/pid")
    assert time.monotonic() - began < 1
    assert len(heavy.recv()) == 8 << 20
    heavy.close()


def test_polling_is_not_offered(server):
    with socket.create_connection(("127.0.0.1", server.port), 5) as plain:
        plain.sendall(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n")
        assert plain.recv(1024).startswith(b"HTTP/1.1 400")
