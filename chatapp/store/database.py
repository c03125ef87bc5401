"""The SQL database of the current application.

SQLite never waits for a lock inside the driver: that would stop every greenlet of the worker. A
writer asks for the lock at once, and when it is taken sleeps a little, green, and asks again.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Connection, Engine, Table, create_engine, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from chatapp.errors import Busy

_LOCK_WAIT = 2.0  # seconds a writer asks for SQLite's lock before it gives up
_ASK_AGAIN = 0.02


def init_app(app: Flask) -> None:
    app.extensions["database"] = connect(app.config["DATABASE_URL"])


def connect(url: str) -> Engine:
    # What it was asked would be in its errors and so in our logs: bodies, addresses, password hashes.
    discreet = {"hide_parameters": True}
    if not url.startswith("sqlite"):
        patience = {"pool_timeout": 2, "connect_args": {"connect_timeout": 2}}
        return create_engine(url, pool_size=10, max_overflow=10, **patience, **discreet)
    engine = create_engine(url, connect_args={"timeout": 0, "check_same_thread": False}, **discreet)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection for SELECTs. Raises Busy when the database cannot be reached."""
    try:
        with _engine().connect() as connection:
            yield connection
    except (OperationalError, PoolTimeoutError) as error:
        raise Busy("The database does not answer. Try again in a moment.", retry_after=5) from error


@contextmanager
def writing() -> Iterator[Connection]:
    """A transaction: committed at the end of the block, rolled back by an exception.

    Raises Busy when the lock or the database cannot be had; IntegrityError passes through, for the
    unique index it speaks of is somebody's promise.
    """
    try:
        with _engine().connect().execution_options(writes=True) as connection, _begin(connection):
            yield connection
    except (OperationalError, PoolTimeoutError) as error:
        raise Busy("The database does not answer. Try again in a moment.", retry_after=5) from error


def insert_missing(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert what no unique index already holds."""
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


@contextmanager
def _begin(connection: Connection) -> Iterator[None]:
    until = time.monotonic() + _LOCK_WAIT
    while True:
        try:
            transaction = connection.begin()
            break
        except DBAPIError as error:
            if not _locked(error) or time.monotonic() > until:
                raise
            time.sleep(_ASK_AGAIN)
    with transaction:
        yield


def dialect() -> str:
    """sqlite or postgresql, for the little that differs."""
    return _engine().dialect.name


def ping() -> None:
    """Raises Busy when the database cannot be reached."""
    with reading() as connection:
        connection.execute(select(1))


def _engine() -> Engine:
    engine: Engine = current_app.extensions["database"]
    return engine


def _locked(error: DBAPIError) -> bool:
    return isinstance(error.orig, sqlite3.OperationalError) and "locked" in str(error.orig)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "secure_delete=ON",  # what is deleted is not to be found in the file
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Writers take the lock first: a reader that becomes a writer cannot wait, only fail."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
