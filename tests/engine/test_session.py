"""What a client of the fast engine may say, and what it costs us when it says something else."""

from __future__ import annotations

import logging

import socketio

from chatapp.engine.packets import Hardened
from chatapp.engine.session import Session
from tests.engine.conftest import eventually


def test_a_malformed_packet_is_counted_and_not_worth_a_line_in_the_log(here, pair, caplog):
    """Else whoever sends them by the thousand writes our log."""
    server = socketio.Server(async_mode="eventlet")
    session = Session(Hardened(server, connect_within=10, unknown_per_address=10), here, "sid")
    session.open(pair[0], b"")
    before = here.figures().malformed

    with caplog.at_level(logging.INFO):
        pair[1].say("42{")
        eventually(lambda: not session.is_alive)

    assert here.figures().malformed == before + 1
    assert caplog.records == []
