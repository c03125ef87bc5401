"""The WebSocket against clients that break the rules, over a plain pair of sockets."""

from __future__ import annotations

import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chatapp.engine.websocket import Upgrade, WebSocket
from tests.engine.wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame

LIMIT = 1_000


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    theirs.settimeout(5)
    with ours, theirs:
        yield WebSocket(ours, limit=LIMIT, fragments=10), theirs


def close_code(client):
    """The code of the close frame that comes next; everything after it must be the end."""
    answer = b""
    while piece := client.recv(4096):
        answer += piece
    assert answer[0] == 0x80 | CLOSE
    assert len(answer) == 2 + answer[1]
    return int.from_bytes(answer[2:4], "big")


def test_a_message_in_one_frame_arrives(pair):
    server, client = pair
    client.sendall(frame(TEXT, "grüß dich".encode()) + frame(BINARY, b"\x00\x01"))
    assert server.wait() == "grüß dich"
    assert server.wait() == b"\x00\x01"


def test_a_message_in_fragments_arrives_whole_and_a_ping_between_them_is_answered(pair):
    server, client = pair
    client.sendall(
        frame(TEXT, b"gr\xc3", final=False)
        + frame(PING, b"there?")
        + frame(CONTINUATION, b"\xbc", final=False)
        + frame(CONTINUATION, b"n")
    )
    assert server.wait() == "grün"
    assert client.recv(100) == bytes((0x80 | PONG, 6)) + b"there?"


def test_a_message_that_dribbles_in_arrives_whole(pair):
    server, client = pair

    def dribble():
        for byte in frame(TEXT, b"x" * 200):
            client.sendall(bytes((byte,)))

    writer = threading.Thread(target=dribble)
    writer.start()
    assert server.wait() == "x" * 200
    writer.join()


@given(payload=some.binary(max_size=300), mask=some.binary(min_size=4, max_size=4))
def test_whatever_the_mask_the_payload_comes_out_clear(payload, mask):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(frame(BINARY, payload, mask=mask))
        assert WebSocket(ours, limit=LIMIT).wait() == payload


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(frame(TEXT, b"x", reserved=0x40), 1002, id="RSV1 without an extension"),
        pytest.param(frame(TEXT, b"x", reserved=0x20), 1002, id="RSV2"),
        pytest.param(frame(PING, b"x", reserved=0x10), 1002, id="RSV3 on a control frame"),
        pytest.param(frame(0x3, b"x"), 1002, id="unknown opcode"),
        pytest.param(frame(0xB, b"x"), 1002, id="unknown control opcode"),
        pytest.param(frame(TEXT, b"x", mask=b""), 1002, id="unmasked"),
        pytest.param(frame(PING, b"x" * 126), 1002, id="long ping"),
        pytest.param(frame(PING, b"x", final=False), 1002, id="fragmented ping"),
        pytest.param(frame(CONTINUATION, b"x"), 1002, id="continuation of nothing"),
        pytest.param(
            frame(TEXT, b"x", final=False) + frame(TEXT, b"y"), 1002, id="message inside a message"
        ),
        pytest.param(frame(TEXT, b"\xff\xfe"), 1007, id="invalid UTF-8"),
        pytest.param(
            frame(TEXT, b"\xc3", final=False) + frame(CONTINUATION, b"\x28"),
            1007,
            id="in fragments",
        ),
        pytest.param(frame(TEXT, b"", length=LIMIT + 1), 1009, id="too long, before it is sent"),
        pytest.param(frame(TEXT, b"", length=2**63), 1009, id="absurdly long"),
        pytest.param(
            frame(TEXT, b"x" * 600, final=False) + frame(CONTINUATION, b"x" * 600),
            1009,
            id="too long in fragments",
        ),
        pytest.param(
            frame(TEXT, b"", final=False) + frame(CONTINUATION, b"", final=False) * 10,
            1009,
            id="endless empty fragments",
        ),
        pytest.param(frame(CLOSE, b"\x03"), 1002, id="half a close code"),
        pytest.param(frame(CLOSE, (1005).to_bytes(2, "big")), 1002, id="forbidden close code"),
        pytest.param(frame(CLOSE, (2999).to_bytes(2, "big")), 1002, id="unassigned close code"),
        pytest.param(frame(CLOSE, b"\x03\xe8\xff"), 1007, id="close reason that is no text"),
    ],
)
def test_a_violation_ends_with_the_right_close_frame(pair, sent, code):
    server, client = pair
    client.sendall(sent)
    assert server.wait() is None
    assert close_code(client) == code
    assert server.wait() is None


@pytest.mark.parametrize(
    ("payload", "code"), [(b"", 1000), (b"\x03\xe9bye", 1001), (b"\x0f\xa0", 4000)]
)
def test_a_close_is_answered_in_kind(pair, payload, code):
    server, client = pair
    client.sendall(frame(CLOSE, payload))
    assert server.wait() is None
    assert close_code(client) == code


def test_nothing_that_comes_after_our_close_is_read(pair):
    server, client = pair
    server.close(1000)
    client.sendall(frame(TEXT, b"one more"))
    assert server.wait() is None
    with pytest.raises(OSError):
        server.send("too late")


class AnsweredAtOnce(socket.socket):
    """Whose other end has answered our close frame before we do the next thing."""

    def shutdown(self, how):
        self.answered()
        super().shutdown(how)


def test_we_close_once_also_when_the_answer_comes_while_we_do():
    ours, theirs = socket.socketpair()
    ours = AnsweredAtOnce(fileno=ours.detach())
    with ours, theirs:
        ours.settimeout(5)
        server = WebSocket(ours, limit=LIMIT)
        ours.answered = lambda: (
            theirs.sendall(frame(CLOSE, (1000).to_bytes(2, "big"))),
            server.wait(),  # as the thread does that reads
        )
        server.close(1001)
        assert close_code(theirs) == 1001


def test_a_client_that_leaves_without_a_word_is_the_end(pair):
    server, client = pair
    client.sendall(frame(TEXT, b"half", length=100))
    client.close()
    assert server.wait() is None


def test_abort_frees_a_writer_whom_nobody_reads(pair):
    server, _client = pair
    server.socket.settimeout(60)
    failed = threading.Event()

    def write():
        try:
            while True:
                server.send("x" * 10_000)
        except OSError:
            failed.set()

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    writer.join(0.2)
    assert not failed.is_set()
    server.abort()
    assert failed.wait(5)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"HTTP_UPGRADE": "h2c"}, "400"),
        ({"HTTP_CONNECTION": "keep-alive"}, "400"),
        ({"HTTP_SEC_WEBSOCKET_VERSION": "8"}, "426"),
        ({"HTTP_SEC_WEBSOCKET_KEY": "short"}, "400"),
        ({"HTTP_SEC_WEBSOCKET_KEY": "ünïcödé"}, "400"),
    ],
)
def test_a_handshake_that_is_none_gets_a_plain_answer(changed, status):
    environ = {
        "HTTP_UPGRADE": "websocket",
        "HTTP_CONNECTION": "keep-alive, Upgrade",
        "HTTP_SEC_WEBSOCKET_VERSION": "13",
        "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
    } | changed
    answers = []
    body = Upgrade(pytest.fail, limit=LIMIT)(environ, lambda *answer: answers.append(answer))
    assert list(body) == []
    assert answers[0][0].startswith(status)


def test_a_handshake_is_answered_as_the_standard_says_and_offers_no_compression():
    ours, theirs = socket.socketpair()
    environ = {
        "HTTP_UPGRADE": "websocket",
        "HTTP_CONNECTION": "Upgrade",
        "HTTP_SEC_WEBSOCKET_VERSION": "13",
        "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
        "HTTP_SEC_WEBSOCKET_EXTENSIONS": "permessage-deflate",
        "gunicorn.socket": ours,
    }
    with ours, theirs:
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(StopIteration):
            Upgrade(lambda websocket: websocket.send("hi"), limit=LIMIT)(environ, pytest.fail)
        answer = theirs.recv(4096)
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer
    assert b"deflate" not in answer
    assert answer.endswith(b"\r\n\r\n\x81\x02hi\x88\x02\x03\xe8")
