"""Nonsense by the thousand, the same each time: the worker neither fails nor keeps any of it.

FUZZ=20000 for the long run; a failure names its seed.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from random import Random

import pytest

from tests.conformance.served import Served
from tests.engine.test_attacks import Attacker
from tests.engine.wire import TEXT, frame

pytestmark = pytest.mark.live

CLIENTS = int(os.environ.get("FUZZ", "300"))
WORDS = [
    "40", "40{}", "41", "2", "3", "1", "42[]", '42["message","hi"]', '421["message-with-ack",1]',
    "43[]", "431[]", '451-["message",{"_placeholder":true,"num":0}]', "40/custom,", "42/custom,[]",
    '42["join","r"]', '42{"a":1}', "44", "4", "", "42" + "9" * 40 + '["message"]', '42["\ud800"]',
]  # fmt: skip


@pytest.fixture(scope="module", params=["fast", "plain"])
def server(request, tmp_path_factory):
    log = tmp_path_factory.mktemp("gunicorn") / "log"
    with Served(log, "eventlet", ENGINE=request.param, CONNECT_WITHIN="2") as server:
        yield server


def nonsense(chance):
    """What one client says: frames, most of them whole, some of them spoiled."""
    said = []
    for _ in range(chance.randint(1, 12)):
        word = chance.choice(WORDS).encode(errors="surrogatepass")
        if chance.random() < 0.3:
            word = spoiled(chance, word)
        opcode = TEXT if chance.random() < 0.8 else chance.randrange(16)
        each = frame(
            opcode,
            word,
            final=chance.random() < 0.9,
            reserved=chance.choice((0, 0, 0, 0, 0x10, 0x40)),
            length=chance.choice((None, None, None, None, 0, 5, 125, 70_000, 1 << 62)),
        )
        said.append(spoiled(chance, each) if chance.random() < 0.2 else each)
    return b"".join(said)


def spoiled(chance, data):
    data = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(3):
            case 0:
                data[at:at] = chance.randbytes(chance.randint(1, 8))
            case 1:
                del data[at : at + 4]
            case 2:
                data[at : at + 1] = chance.randbytes(1)
    return bytes(data)


def test_nonsense_neither_harms_the_worker_nor_stays(server):
    pid = server.get("/pid")
    for seed in range(CLIENTS):
        chance = Random(seed)
        attacker = Attacker(server, connected=False)
        data = nonsense(chance)
        with suppress(OSError):  # it may be closed before it has said everything
            if chance.random() < 0.7:
                attacker.say("40")
            while data:
                cut = chance.randint(1, len(data))
                attacker.send(data[:cut])
                data = data[cut:]
        if chance.random() < 0.5:
            attacker.open.pop().close()
        if seed % 100 == 99:
            assert server.get("/pid") == pid, f"the worker died of a seed below {seed}"
    while Attacker.open:
        Attacker.open.pop().close()

    held, until = {"sockets": 1}, time.monotonic() + 15
    while any(held.values()) and time.monotonic() < until:
        held = json.loads(server.get("/held"))
    assert set(held.values()) == {0}, held
    assert server.get("/pid") == pid
    assert "Traceback" not in server.log.read_text()
