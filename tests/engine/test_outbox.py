"""What waits for a client is bounded, in both kinds of queue that Engine.IO uses."""

from __future__ import annotations

import queue

import pytest
from engineio.packet import MESSAGE, Packet
from eventlet.queue import Queue as GreenQueue

from chatapp.engine.outbox import bounded


@pytest.fixture(params=[queue.Queue, GreenQueue])
def outbox(request):
    box = bounded(request.param, packets=3, size=100)()
    box.dropped = []
    box.on_overflow = lambda: box.dropped.append(True)
    return box


def said(text):
    return Packet(MESSAGE, text)


def test_what_fits_comes_out_in_order(outbox):
    packets = [said("a"), said("b"), said("c")]
    for packet in packets:
        outbox.put(packet)
    assert [outbox.get(block=False) for _ in packets] == packets
    assert outbox.dropped == []


def test_what_was_read_makes_room_again(outbox):
    for _ in range(10):
        outbox.put(said("x" * 60))
        outbox.get(block=False)
    assert outbox.dropped == []


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (60, 60)])
def test_too_much_ends_it_and_nothing_is_remembered(outbox, sizes):
    for size in sizes:
        outbox.put(said("x" * size))
    outbox.put(said("later"))
    assert outbox.dropped == [True]
    assert outbox.get(block=False) is None
    assert outbox.qsize() == 0
