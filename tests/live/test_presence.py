"""Who is here and who may stay, across two web workers of their own processes.

With leases a fifth as long as is usual, so that the tests are as quick; CHAOS_SECONDS=60 for the usual ones.
"""

from __future__ import annotations

import os
import time

import pytest
import socketio

from chatapp import auth
from chatapp.actions import sessions
from chatapp.store import users
from tests.live.system import System, eventually

pytestmark = pytest.mark.live

LONG = float(os.environ.get("CHAOS_SECONDS", "20")) >= 60
LEASE, RENEW, SWEEP = (30.0, 10.0, 5.0) if LONG else (6.0, 2.0, 1.0)
GONE_WITHIN = 45.0 if LONG else LEASE + SWEEP + RENEW + 1


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    quick = {"LEASE": LEASE, "LEASE_RENEW": RENEW, "SWEEP_EVERY": SWEEP, "LIMIT_CONNECT": 100}
    with System(tmp_path_factory.mktemp("live"), **quick) as system:
        system.people = system.demo()
        yield system


class Browser:
    def __init__(self, system, web, person):
        slug, email = system.people["workspace"], system.people["people"][person]["email"]
        self.token = system.chat("token", "--workspace", slug, "--email", email)
        self.heard = []
        self.socket = socketio.Client(reconnection=False)
        self.socket.on("*", lambda name, payload: self.heard.append((name, payload)))
        self.socket.connect(web.url, auth={"token": self.token}, transports=["websocket"])

    def ask(self, event, **payload):
        answer = self.socket.call(event, payload, timeout=5)
        assert answer["ok"], answer
        return answer["data"]

    def told(self, event):
        return [payload for name, payload in list(self.heard) if name == event]

    def state_of(self, user_id):
        """As its page would show it now."""
        told = [p["state"] for p in self.told("presence:changed") if p["user_id"] == user_id]
        return told[-1] if told else None


@pytest.fixture
def browse(system):
    opened = []

    def browse(web, person):
        opened.append(Browser(system, web, person))
        return opened[-1]

    yield browse
    for browser in opened:
        browser.socket.disconnect()
    for web in system.web:
        if not web.is_running:
            web.start()
    system.wait_until_ready()


@pytest.fixture
def user_ids(system):
    with system.app.app_context():
        slug = system.people["workspace"]
        return [users.credentials(slug, p["email"])[0].id for p in system.people["people"]]


def test_presence_and_typing_reach_the_other_worker(system, browse, user_ids):
    ada = browse(system.web[0], 0)
    bob = browse(system.web[1], 1)
    eventually(lambda: ada.state_of(user_ids[1]) == "active", within=2)
    (room,) = [r for r in ada.ask("room:follow")["rooms"] if r["kind"] == "public"]
    bob.ask("room:follow")

    bob.ask("presence:set", state="away")
    eventually(lambda: ada.state_of(user_ids[1]) == "away", within=2)
    bob.ask("typing:start", room_id=room["id"])
    eventually(lambda: ada.told("typing:started"), within=2)
    bob.socket.disconnect()
    eventually(lambda: ada.state_of(user_ids[1]) == "offline", within=2)


def test_after_a_killed_worker_ghosts_go_and_nobody_with_another_tab_does(system, browse, user_ids):
    system.work.kill()  # no Celery and no clock: the web workers sweep
    system.clock.kill()
    ada = browse(system.web[0], 0)
    other_tab = browse(system.web[1], 0)
    browse(system.web[1], 1)
    eventually(lambda: ada.state_of(user_ids[1]) == "active", within=5)

    system.web[1].kill()

    eventually(lambda: ada.state_of(user_ids[1]) == "offline", within=GONE_WITHIN)
    assert "offline" not in [
        p["state"] for p in ada.told("presence:changed") if p["user_id"] == user_ids[0]
    ]
    eventually(lambda: not other_tab.socket.connected, within=5)
    system.work.start()
    system.clock.start()


def test_a_redis_frozen_for_longer_than_a_lease_sends_nobody_away(system, browse, user_ids):
    ada, bob = browse(system.web[0], 0), browse(system.web[1], 1)
    eventually(lambda: ada.state_of(user_ids[1]) == "active", within=5)
    system.redis.freeze()
    try:
        time.sleep(LEASE + SWEEP * 4)  # nothing to wait for but that the time goes by
    finally:
        system.redis.thaw()

    bob.heard.clear()
    system.wait_until_ready()
    bob.ask("presence:set", state="away")
    eventually(lambda: ada.state_of(user_ids[1]) == "away", within=RENEW + 2)
    states = [p["state"] for p in ada.told("presence:changed") if p["user_id"] == user_ids[1]]
    assert "offline" not in states


def test_who_signs_out_is_closed_on_the_other_worker_within_two_seconds(system, browse):
    ada = browse(system.web[0], 0)
    began = time.monotonic()
    with system.app.app_context():
        caller = auth.identify({"token": ada.token}, {})
        sessions.sign_out(caller)

    eventually(lambda: not ada.socket.connected, within=2)
    assert time.monotonic() - began < 2
    assert ada.told("session:ended") == [{"reason": "signed_out"}]


def test_a_quiet_while_is_quiet_in_the_log(system, browse):
    browse(system.web[0], 0)
    parts = [*system.web, system.work, system.answers, system.clock]
    before = [len(part.log) for part in parts]

    time.sleep(15)  # beats, sweeps, drains, pings: nothing to wait for but that nothing is said

    assert [part.log[start:] for part, start in zip(parts, before, strict=True)] == [""] * 5
