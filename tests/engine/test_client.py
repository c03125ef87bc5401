"""redis-py's commands over a pipe answer as they do over its own connections."""

from __future__ import annotations

import pytest
from redis.exceptions import ResponseError

from chatapp.engine.client import PipedRedis
from chatapp.engine.pipe import Pipe

COMMANDS = [
    lambda r: r.set("s", "word", nx=True, px=50_000),
    lambda r: r.set("s", "other", nx=True),
    lambda r: r.get("s"),
    lambda r: r.get("nothing"),
    lambda r: r.sadd("set", "a", "b"),
    lambda r: r.smembers("set"),
    lambda r: r.hset("h", mapping={"a": 1, "b": "two"}),
    lambda r: r.hgetall("h"),
    lambda r: r.hmget("h", ["a", "none"]),
    lambda r: r.zadd("z", {"a": 1.5}),
    lambda r: r.zrange("z", 0, -1, withscores=True),
    lambda r: r.xadd("x", {"e": "1"}, id="5-1"),
    lambda r: r.xrange("x", count=1),
    lambda r: r.xrevrange("x"),
    lambda r: r.xgroup_create("x", "g", id="0"),
    lambda r: r.xinfo_groups("x"),
    lambda r: r.xreadgroup("g", "me", {"x": ">"}, count=1),
    lambda r: r.xpending("x", "g"),
    lambda r: r.xack("x", "g", "5-1"),
    lambda r: r.expire("s", 10),
    lambda r: r.delete("s", "set"),
    lambda r: r.info("server")["tcp_port"],
    lambda r: r.register_script("return {KEYS[1], ARGV[1]}")(keys=["k"], args=[1]),
]


@pytest.fixture
def clients(here, redis_url):
    url = redis_url
    own = PipedRedis.from_url(url, decode_responses=True, protocol=2)
    piped = PipedRedis.from_url(url, decode_responses=True, protocol=2)
    pipe = Pipe(here, url, timeout=5)
    piped.pipe = lambda: pipe
    asked = []
    ask = pipe.ask
    pipe.ask = lambda *command: asked.append(command) or ask(*command)
    yield own, piped, asked
    own.close()
    piped.close()


def test_every_answer_is_the_one_of_redis_py(clients):
    own, piped, asked = clients
    answers = []
    for client in (own, piped):
        client.flushdb()
        client.script_flush()
        answers.append([command(client) for command in COMMANDS])
    assert answers[0] == answers[1]
    assert len(asked) > len(COMMANDS)


def test_an_error_is_redis_pys(clients):
    _, piped, _ = clients
    piped.flushdb()
    piped.set("s", "word")
    with pytest.raises(ResponseError, match="WRONGTYPE|wrong kind"):
        piped.smembers("s")


def test_a_pipeline_goes_its_own_way(clients):
    _, piped, asked = clients
    asked.clear()
    with piped.pipeline(transaction=False) as several:
        several.set("p", 1).get("p")
        assert several.execute() == [True, "1"]
    assert asked == []
