"""What the tests of several views need."""

from __future__ import annotations

import json

import pytest

from chatapp.actions import messages


@pytest.fixture
def say(app):
    """say(ada, "lobby", "hello"): the event that came of it."""
    count = iter(range(1_000_000, 2_000_000))

    def make(caller, room_id, body):
        said, _ = messages.send(caller, room_id=room_id, client_id=f"c-{next(count)}", body=body)
        return json.loads(said)

    return make
