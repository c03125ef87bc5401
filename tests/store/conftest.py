from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from redis.connection import AbstractConnection


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
