"""A long history is sent while it is read, beside everything else a worker does."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import insert, update

from chatapp.store import tables
from chatapp.store.database import writing

pytestmark = pytest.mark.live
MANY = 30_000
BODY = "And so on and on. " * 30  # together more than any buffer on the way holds
PATIENCE = 0.5  # seconds, at most, that others wait for an answer meanwhile


@pytest.fixture(scope="module")
def ada(system, town) -> str:
    """Her token; she is in a room with a long past."""
    (token,) = town.people("ada", room="long").values()
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    rows: list[dict[str, Any]] = [
        {
            "room_id": "long",
            "seq": seq,
            "workspace_id": "acme",
            "id": f"m-{seq}",
            "author_id": "ada",
            "client_id": f"c-{seq:07}",
            "body": f"{seq}. {BODY}",
            "mentions": [],
            "at": at,
        }
        for seq in range(1, MANY + 1)
    ]
    with system.app.app_context(), writing() as connection:
        connection.execute(insert(tables.messages), rows)
        connection.execute(update(tables.rooms).values(applied_seq=MANY))
    return token


@contextmanager
def taking(system, token: str) -> Iterator[http.client.HTTPResponse]:
    """The long history, as it comes."""
    where = urlsplit(system.url)
    assert where.hostname
    with closing(http.client.HTTPConnection(where.hostname, where.port, timeout=60)) as asking:
        headers = {"Authorization": f"Bearer {token}"}
        asking.request("GET", "/api/v1/rooms/long/export", headers=headers)
        with asking.getresponse() as answer:
            assert answer.status == 200
            yield answer


def test_it_is_whole_and_nobody_waits_for_it(system, ada):
    waits, seq = [], 0
    with taking(system, ada) as answer:
        for line in answer:
            seq += 1
            assert json.loads(line)["seq"] == seq
            if seq % 3_000 == 0:
                began = time.monotonic()
                assert system.web[0].get("/healthz")[0] == 200
                waits.append(time.monotonic() - began)

    assert seq == MANY
    assert max(waits) < PATIENCE


def test_it_is_broken_off_for_who_is_put_out_of_the_room(system, ada):
    with taking(system, ada) as answer:
        first = answer.readline()
        with system.app.app_context(), writing() as connection:
            gone = update(tables.memberships).where(tables.memberships.c.user_id == "ada")
            connection.execute(gone.values(gone=True))

        assert json.loads(first)["seq"] == 1
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
