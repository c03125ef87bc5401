"""Two web workers, and what forty people on both of them are shown."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.live


def test_forty_people_on_two_workers_are_shown_everything_once_and_in_order(town, crowd, figures):
    clients = town.gather(crowd, "square", 40)

    for number in range(5):
        for client in clients:
            crowd.write(client, f"{client.user_id} says {number}")
    town.wait_until_settled(clients, within=30)

    report = town.prove(clients)
    figures(report)
    assert report.acknowledged == 200
    assert report.shown == 200 * 40
    assert report.started_over == 0
