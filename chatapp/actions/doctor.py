"""Is everything as it must be? For the operator, one finding a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from chatapp import jobs
from chatapp.errors import Busy
from chatapp.store import backlog, diagnosis, migrations

MOST_APART = 2.0  # seconds between clocks; tokens and times on the screen bear more


class Finding(NamedTuple):
    about: str
    well: bool
    words: str


def examine() -> list[Finding]:
    """Everything that can be checked from here. Never raises for what is down: that is a finding."""
    return [
        _look("redis", _redis),
        _look("database", _database),
        _look("migrations", _migrations),
        _look("queue", _queue),
        _look("clock", _clock),
    ]


def _look(about: str, check: Callable[[], tuple[bool, str]]) -> Finding:
    try:
        return Finding(about, *check())
    except Busy as error:
        return Finding(about, False, error.message)


def _redis() -> tuple[bool, str]:
    version, append_only, eviction = diagnosis.keeping()
    wrong = []
    if not append_only:
        wrong.append("appendonly is off: what was acknowledged dies with Redis")
    if eviction != "noeviction":
        wrong.append(f"maxmemory-policy is {eviction}: it must be noeviction")
    return not wrong, "; ".join(wrong) or f"{version}, append-only file on, nothing is evicted"


def _database() -> tuple[bool, str]:
    diagnosis.database_clock()
    return True, "answers"


def _migrations() -> tuple[bool, str]:
    if migrations.pending():
        return False, "the tables are not those of this version: run python -m deploy.prepare"
    return True, "up to date"


def _queue() -> tuple[bool, str]:
    waiting, workers = backlog.waiting().values(), jobs.workers()
    events, lag = sum(count for count, _ in waiting), max(seconds for _, seconds in waiting)
    words = f"{len(workers)} Celery worker(s) answer; {events} events wait for the record"
    if events:
        words += f", the first for {lag:.1f} s"
    return bool(workers), words


def _clock() -> tuple[bool, str]:
    redis, database = diagnosis.redis_clock(), diagnosis.database_clock()
    words = f"Redis {redis:+.2f} s, database {database:+.2f} s from here"
    return max(abs(redis), abs(database)) < MOST_APART, words
