from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from redis.connection import AbstractConnection
from sqlalchemy import event


@pytest.fixture
def round_trips(monkeypatch) -> Callable[[], AbstractContextManager[list[object]]]:
    """with round_trips() as trips: …; len(trips) is how often Redis was asked; a pipeline is once."""
    kept: list[list[object]] = []
    send = AbstractConnection.send_packed_command

    def count(self, command, *args, **kwargs):
        for trips in kept:
            trips.append(command)
        return send(self, command, *args, **kwargs)

    monkeypatch.setattr(AbstractConnection, "send_packed_command", count)

    @contextmanager
    def counting() -> Iterator[list[object]]:
        trips: list[object] = []
        kept.append(trips)
        yield trips
        kept.remove(trips)

    return counting


@pytest.fixture
def queries(app) -> Callable[[], AbstractContextManager[list[str]]]:
    """with queries() as asked: …; the statements the database was given."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        asked: list[str] = []

        def note(_connection, _cursor, statement, *_rest):
            asked.append(statement)

        event.listen(app.extensions["database"], "before_cursor_execute", note)
        yield asked
        event.remove(app.extensions["database"], "before_cursor_execute", note)

    return counting
