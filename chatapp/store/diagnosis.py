"""What the operator wants to know of the Redis and the database we were given."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, NamedTuple

from redis.exceptions import RedisError
from sqlalchemy import func, select

from chatapp.errors import Busy
from chatapp.store.connection import redis
from chatapp.store.database import reading


class Keeping(NamedTuple):
    version: str
    append_only: bool
    eviction: str  # the maxmemory-policy


def keeping() -> Keeping:
    """How Redis keeps what we give it. Raises Busy."""
    try:
        info: Any = redis.info()
    except RedisError as error:
        raise Busy(f"Redis does not answer: {error}.") from error
    version = info.get("valkey_version") or info["redis_version"]
    return Keeping(version, bool(info["aof_enabled"]), info["maxmemory_policy"])


def redis_clock() -> float:
    """Seconds by which Redis's clock is ahead of ours, half the way there taken off. Raises Busy."""
    began = time.time()
    try:
        seconds, micros = redis.time()
    except RedisError as error:
        raise Busy(f"Redis does not answer: {error}.") from error
    return float(seconds) + micros / 1e6 - (began + time.time()) / 2


def database_clock() -> float:
    """As redis_clock, of the database; 0.0 for SQLite, whose clock is ours. Raises Busy."""
    began = time.time()
    with reading() as connection:
        if connection.dialect.name == "sqlite":
            return 0.0
        now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now.timestamp() - (began + time.time()) / 2
