"""Where things are kept: the logs in Redis, the record in SQL, the connections in memory."""

from __future__ import annotations

from flask import Flask

from chatapp.store import (
    connection,
    control,
    database,
    directory,
    event_limit,
    limits,
    lives,
    local,
    probes,
    sessions,
    tail,
)


def init_app(app: Flask) -> None:
    connection.init_app(app)
    database.init_app(app)
    local.init_app(app)
    control.init_app(app)
    directory.init_app(app)
    limits.init_app(app)
    tail.init_app(app)
    lives.init_app(app)
    probes.init_app(app)
    sessions.init_app(app)
    event_limit.init_app(app)


def put_on_the_loop(app: Flask) -> None:
    """In a web worker on the fast engine."""
    connection.put_on_the_loop(app)
    sessions.put_on_the_loop(app)
