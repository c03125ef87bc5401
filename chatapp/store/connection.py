"""The Redis of the current application, and its scripts.

redis-py 8 sends a command again by itself when the reply does not come: a stalled XADD became two
entries. So these clients never retry; a caller that must repeats the whole request under its
idempotency key.
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask, current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ClusterDownError, OutOfMemoryError, ReadOnlyError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from werkzeug.local import LocalProxy

from chatapp import engine, metrics
from chatapp.errors import Busy
from chatapp.store.here import here

# Loading is a kind of ConnectionError. The client takes the code off the texts of these.
_PASSING = (
    RedisConnectionError,
    RedisTimeoutError,
    OutOfMemoryError,
    ReadOnlyError,
    ClusterDownError,
)
_PATIENCE = 3.0  # seconds
_LUA = Path(__file__).parent / "lua"

redis: Redis = LocalProxy(lambda: current_app.extensions["redis"])  # type: ignore[assignment]
# Its timeout outlasts a blocking read; for the tailer, the control reader and nothing else.
patient_redis: Redis = LocalProxy(lambda: current_app.extensions["patient_redis"])  # type: ignore[assignment]


def init_app(app: Flask) -> None:
    url, timeout = app.config["REDIS_URL"], app.config["REDIS_TIMEOUT"]
    app.extensions["redis"] = client = _connect(url, timeout)
    app.extensions["patient_redis"] = _connect(url, _PATIENCE)
    app.extensions["lua"] = {
        path.stem: client.register_script(path.read_text()) for path in _LUA.glob("*.lua")
    }
    app.extensions["pipes"] = None


def put_on_the_loop(app: Flask) -> None:
    """Redis is asked from the fast engine's loop. Nobody but its web workers turns one."""
    pipes = _Pipes(app.config["REDIS_URL"], app.config["REDIS_TIMEOUT"])
    app.extensions["pipes"] = pipes
    app.extensions["redis"].pipe = lambda: pipes.prompt


def run_lua(script: str, keys: list[str], args: list[Any]) -> Any:
    """Run store/lua/<script>.lua. Raises Busy when Redis does not answer in time."""
    with asking():
        known, pipes = here().extensions["lua"][script], here().extensions["pipes"]
        if pipes and pipes.prompt:
            return pipes.prompt.run(known.script, keys, args)
        return known(keys=keys, args=args)


class Call:
    """run_lua() for what every message does: its words are packed once, but for the gaps."""

    def __init__(self, script: str, keys: list[Any], args: list[Any]) -> None:
        self._script = script
        self._phrase = engine.Phrase(here().extensions["lua"][script].script, keys, args)

    def ask(self, words: tuple[bytes, ...]) -> Any:
        """With these in the gaps, in their order. Raises Busy."""
        with asking():
            pipes = here().extensions["pipes"]
            if pipes and pipes.prompt:
                return pipes.prompt.run_phrase(self._phrase, words)
        return run_lua(self._script, *self._phrase.plain(words))


def read_streams(after: dict[str, str], *, count: int, wait: int) -> list[Any]:
    """XREAD, waiting up to `wait` ms: [[stream, [[id, [field, value, …]], …]], …]. Raises Busy."""
    with asking():
        pipes = here().extensions["pipes"]
        if pipes and pipes.patient:
            words = ("XREAD", "COUNT", count, "BLOCK", wait, "STREAMS", *after, *after.values())
            return pipes.patient.ask(*words) or []
        found: Any = patient_redis.xread(after, count=count, block=wait)  # type: ignore[arg-type]
        return [
            [name, [(id_, [*chain.from_iterable(fields.items())]) for id_, fields in entries]]
            for name, entries in found or []
        ]


class _Pipes:
    """Redis on the loop of the fast engine: what many wait for at once. Made when first asked for,
    in the worker.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self._url, self._timeout = url, timeout

    @cached_property
    def prompt(self) -> Any:
        return engine.redis_pipe(self._url, timeout=self._timeout)

    @cached_property
    def patient(self) -> Any:
        return engine.redis_pipe(self._url, timeout=_PATIENCE)


class Server(NamedTuple):
    run: str  # names its life as a master; another one after it was started again, or promoted
    up: int  # seconds that the process has lived


def server() -> Server:
    """The Redis that answers now. Raises Busy."""
    with asking():
        pipe = redis.pipeline(transaction=False)
        pipe.info("replication")
        pipe.info("server")
        replication, process = pipe.execute()
    return Server(replication["master_replid"], int(process["uptime_in_seconds"]))


def _connect(url: str, timeout: float) -> Redis:
    return engine.redis_client().from_url(  # type: ignore[no-any-return]
        url,
        decode_responses=True,
        protocol=2,  # XREADGROUP answers another shape under RESP3
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        max_connections=1_000,
    )


class asking:  # noqa: N801 - read as a verb; a generator for it would cost every message 0.5 µs
    """Around every command: Busy instead of the client's own errors, where later may be better."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, RedisError) and is_passing(error):
            metrics.redis_busy.inc()
            raise Busy from error


def is_passing(error: RedisError) -> bool:
    """Unreachable, loading its data, out of room: the same request may succeed later."""
    if isinstance(error, _PASSING):
        return True
    return str(error).startswith(("MISCONF", "BUSY ", "UNBLOCKED"))
