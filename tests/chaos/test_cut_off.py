"""One of two web workers is cut off from Redis, and nobody closes a connection."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest

from tests.chaos.wall import Wall
from tests.live.conftest import FAST
from tests.live.system import System, eventually
from tests.live.town import Town

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]

UNHEALTHY_AFTER = 9


@pytest.fixture
def walled(tmp_path):
    """A system, and the wall in front of its first web worker."""
    system = System(tmp_path, UNHEALTHY_AFTER=UNHEALTHY_AFTER, **FAST)
    port = urlsplit(system.redis_url).port
    with Wall(port) as wall:
        through = system.redis_url.replace(f":{port}/", f":{wall.port}/")
        system.web[0].environ = {**system.environ, "REDIS_URL": through}
        with system:
            yield system, wall


def test_a_worker_cut_off_from_redis_says_so_and_catches_up(walled, crowd, figures):
    system, wall = walled
    town = Town(system)
    clients = town.gather(crowd, "cut-off", 8)
    cut, others = clients[::2], clients[1::2]
    with crowd.chatter(20) as chatter:
        eventually(lambda: chatter.written > 20, within=10)
        wall.close()
        closed_at = time.monotonic()
        shown = [client.room.seq for client in cut]
        eventually(lambda: all(client.stale for client in cut), within=12)
        stale_after = max(client.stale[0][0] for client in cut) - closed_at
        eventually(lambda: not system.web[0].is_ready(), within=UNHEALTHY_AFTER + 8)
        unhealthy_after = time.monotonic() - closed_at
        blind = [client.room.seq - before for client, before in zip(cut, shown, strict=True)]
        went_on = min(client.room.seq for client in others) - max(shown)
        assert system.web[1].is_ready()
        wall.open()
    town.wait_until_settled(clients, within=15)
    system.wait_until_ready(within=10)

    report = town.prove(clients)
    figures(
        f"told after {stale_after:.1f} s, unhealthy after {unhealthy_after:.1f} s, "
        f"busy after {report.slowest_busy:.2f} s at most; {report}"
    )
    assert 4 < stale_after < 9
    assert max(blind) <= 5
    assert went_on > 20
    assert [[stale for _, stale in client.stale] for client in cut] == [[True, False]] * len(cut)
    assert not any(client.stale for client in others)
    assert report.acknowledged == chatter.written
    assert report.slowest_busy < 2.5
    assert report.started_over == 0
    hears_the_queue(crowd, others, cut)


def hears_the_queue(crowd, others, cut):
    """What is only told, and not kept, reaches it again too."""
    crowd.tell(others[0], "typing:start", {"room_id": "cut-off"})
    eventually(lambda: all(client.heard("typing:started") for client in cut), within=5)
