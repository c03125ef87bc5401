"""Browsers at the socket door of one worker. Nothing runs beside the tests: each step is taken by hand."""

from __future__ import annotations

import pytest

from chatapp.actions import delivery
from tests.conftest import Client


@pytest.fixture
def settings():
    return {"LIMIT_CONNECT": 100}


@pytest.fixture
def deliver(app):
    """Tell everybody what the logs say by now."""
    delivery.deliver(wait=1)  # stands at their ends from here on

    def run():
        while delivery.deliver(wait=1):
            pass

    return run


@pytest.fixture
def join(connect, deliver):
    """join(ada, lobby): a connected browser that listens to the room and knows where it stands."""

    def open_room(caller, room) -> Client:
        client = connect(caller)
        answer = client.ask("room:resume", room_id=room.id)
        assert answer["ok"], answer
        return client

    return open_room
