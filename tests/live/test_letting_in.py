"""Letting people in, over a real wire."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import websocket

from tests.live.wire import Refused, Wire

pytestmark = pytest.mark.live


def test_a_refusal_is_a_connect_error_with_a_code(system):
    async def knock() -> dict[str, Any]:
        with pytest.raises(Refused) as refused:
            await Wire.open(system.url, "no token of ours", lambda *_: None)
        return refused.value.error

    error = asyncio.run(knock())

    assert error["message"] == "not_signed_in"
    assert error["data"]["code"] == "not_signed_in"
    assert error["data"]["retryable"] is False


def test_the_first_thing_heard_is_that_one_is_in(system, town):
    """Coming in is told to everybody of the workspace, so also to who comes in: but not too early."""
    for token in town.people("ada", "bob", "carol", "dan").values():
        url = system.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
        client = websocket.create_connection(url, timeout=10)
        assert client.recv().startswith("0{")
        client.send("40" + json.dumps({"token": token}))
        assert client.recv().startswith("40{")
        assert client.recv().startswith('42["presence:changed"')
        client.close()
