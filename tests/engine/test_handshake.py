"""The short way through a handshake: the same as gunicorn's, or none."""

from __future__ import annotations

import pytest
from gunicorn.config import Config
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader
from gunicorn.http.wsgi import create
from hypothesis import given
from hypothesis import strategies as some

from chatapp.engine.handshake import environ_of

ADDR, SERVER = ("127.0.0.1", 4711), ("127.0.0.1", 80)
HEADERS = [
    ("Host", "chat.example:8000"),
    ("Connection", "keep-alive, Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Origin", "http://chat.example:8000"),
    ("Cookie", "session=abc; theme=dark"),
    ("Accept-Language", "de, en;q=0.5"),
]
TARGET = "/socket.io/?EIO=4&transport=websocket&t=a%20b"


def request(headers=HEADERS, target=TARGET, start="GET {} HTTP/1.1"):
    lines = [start.format(target), *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class _Socket:
    def getsockname(self):
        return SERVER


def by_gunicorn(data):
    config = Config()
    parsed = Request(config, IterUnreader(iter([data])), ADDR)
    return create(parsed, _Socket(), ADDR, SERVER, config)[1]


def test_it_reads_what_gunicorn_reads():
    ours, theirs = environ_of(request(), ADDR, SERVER), by_gunicorn(request())
    assert ours == {key: theirs[key] for key in ours}
    assert {key for key in theirs if key.startswith("HTTP_")} <= set(ours)


@pytest.mark.parametrize(
    "data",
    [
        request()[:-1],
        request() + b"\x81\x00",
        request(start="POST {} HTTP/1.1"),
        request(start="GET {} HTTP/1.0"),
        request(start="GET  {} HTTP/1.1"),
        request(target="/socket.io/../?x"),
        request(target="/elsewhere?x"),
        request(target="/socket.io/?x#y"),
        request(HEADERS[1:]),
        request([h for h in HEADERS if h[0] != "Upgrade"]),
        request([*HEADERS, ("Host", "evil.example")]),
        request([*HEADERS, ("Content-Length", "5")]),
        request([*HEADERS, ("Transfer-Encoding", "chunked")]),
        request([*HEADERS, ("X_Forwarded_For", "10.0.0.1")]),
        request([*HEADERS, ("X-Odd", "a\x00b")]),
        request([*HEADERS, ("X Odd", "a")]),
        request([*HEADERS, ("X-Odd ", "a")]),
        request().replace(b"Origin: ", b"Origin: a\r\n b"),
        request().replace(b"\r\nUpgrade", b"\nUpgrade"),
        b"",
        b"\x16\x03\x01",
    ],
)
def test_anything_unusual_is_left_to_gunicorn(data):
    assert environ_of(data, ADDR, SERVER) is None


@given(some.binary(max_size=12), some.integers(0, len(request())))
def test_what_it_accepts_means_the_same_to_gunicorn(noise, at):
    data = request()
    changed = data[:at] + noise + data[at + len(noise) :]
    ours = environ_of(changed, ADDR, SERVER)
    if ours is not None:
        theirs = by_gunicorn(changed)
        assert ours == {key: theirs[key] for key in ours}
