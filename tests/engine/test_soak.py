"""Many who come, talk and go leave nothing behind. SOAK=20000 for the long one: ten messages each."""

from __future__ import annotations

import json
import os

import pytest

from tests.conformance.served import Served
from tests.engine.test_attacks import Attacker, memory
from tests.engine.wire import TEXT, frame

pytestmark = pytest.mark.live

PEOPLE = int(os.environ.get("SOAK", "1000"))
AT_ONCE, MESSAGES = 50, 10


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    log = tmp_path_factory.mktemp("gunicorn") / "log"
    with Served(log, "eventlet", ENGINE="fast") as server:
        yield server


def come_talk_and_go(server, people):
    for _ in range(people // AT_ONCE):
        crowd = [Attacker(server, connected=False) for _ in range(AT_ONCE)]
        for each in crowd:
            each.send(
                b"".join(frame(TEXT, word) for word in [b"40", *[b'42["message","hi"]'] * MESSAGES])
            )
        for number, each in enumerate(crowd):
            heard = b""
            while heard.count(b'["message-back","hi"]') < MESSAGES:
                heard += each.sock.recv(65536)
            if number % 2:  # half of them say goodbye
                each.say("41")
            each.sock.close()
    Attacker.open.clear()


def test_who_comes_talks_and_goes_leaves_nothing_behind(server):
    come_talk_and_go(server, max(500, PEOPLE // 10))  # what is made once is made now
    before = memory(server)

    come_talk_and_go(server, PEOPLE)

    for _ in range(100):
        held = json.loads(server.get("/held"))
        if not any(held.values()):
            break
    assert set(held.values()) == {0}, held
    assert memory(server) < before * 1.1
    print(f"{PEOPLE} people: {before >> 20} MB before, {memory(server) >> 20} MB after")  # noqa: T201
