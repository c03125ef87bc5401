"""The same application where nobody patched anything: gunicorn's threads instead of our greenlets."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def settings():
    return {"worker_class": "gthread"}


def test_ten_people_on_two_threaded_workers_are_shown_everything(town, crowd):
    clients = town.gather(crowd, "square", 10)

    for number in range(3):
        for client in clients:
            crowd.write(client, f"{client.user_id} says {number}")
    town.wait_until_settled(clients, within=30)

    report = town.prove(clients)
    assert report.acknowledged == 30
    assert report.shown == 30 * 10
    assert report.started_over == 0


def test_a_threaded_worker_takes_leave_and_stops_in_time(system, town, crowd, figures):
    clients = town.gather(crowd, "exit", 4)
    last = system.web[-1]
    leaving = [client for client in clients if client.urls == [last.url]]

    seconds = last.stop(within=12)
    figures(f"stopped in {seconds:.1f} s")

    assert [len(client.closings) for client in clients] == [int(c in leaving) for c in clients]
    assert seconds < 12
    last.start()
    system.wait_until_ready()
