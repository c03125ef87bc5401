"""People and rooms in a running system, and the proof that what they were shown is the truth."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import insert, select

from chatapp import text
from chatapp.store import room_log, tables
from chatapp.store.database import reading, writing
from chatapp.types import Caller, Head, Room
from tests.conftest import PASSWORD_HASH, token_of
from tests.live.client import Client, Crowd
from tests.live.system import System, eventually

TENANT = "acme"


class Town:
    """A workspace of a running system: who lives there, and what they were shown."""

    def __init__(self, system: System) -> None:
        self.system = system
        now = datetime.now(UTC)
        with system.app.app_context(), writing() as connection:
            workspace = {"id": TENANT, "slug": TENANT, "name": "Acme", "created_at": now}
            connection.execute(insert(tables.workspaces).values(workspace))

    def people(self, *names: str, room: str | None = None) -> dict[str, str]:
        """New people, all in one new room if it is named. Their names with a token for each."""
        now = datetime.now(UTC)
        users = [
            {
                "id": name,
                "workspace_id": TENANT,
                "email": f"{name}@acme.test",
                "name": name,
                "name_skeleton": text.skeleton(name),
                "role": "member",
                "password_hash": PASSWORD_HASH,
                "created_at": now,
            }
            for name in names
        ]
        with self.system.app.app_context():
            with writing() as connection:
                connection.execute(insert(tables.users), users)
            if room:
                self.room(room, *names)
            return {name: token_of(Caller(TENANT, name, name)) for name in names}

    def room(self, name: str, *members: str) -> None:
        now = datetime.now(UTC)
        with self.system.app.app_context(), writing() as connection:
            connection.execute(
                insert(tables.rooms).values(
                    id=name,
                    workspace_id=TENANT,
                    kind="public",
                    name=name,
                    name_skeleton=text.skeleton(name),
                    created_by=members[0],
                    created_at=now,
                )
            )
            rows = [
                {
                    "room_id": name,
                    "user_id": member,
                    "workspace_id": TENANT,
                    "role": "member",
                    "joined_at": now,
                }
                for member in members
            ]
            connection.execute(insert(tables.memberships), rows)

    def gather(
        self, crowd: Crowd, room: str, count: int, *, on: list[str] | None = None
    ) -> list[Client]:
        """A new room with so many new people, all connected and shown where it stands; to each of
        the addresses in turn, or, with more than one in `on`, to any of these each time.
        """
        names = [f"{room}-{number}" for number in range(count)]
        tokens = self.people(*names, room=room)
        urls = [web.url for web in self.system.web]
        clients = [
            crowd.join(on or [urls[number % len(urls)]], name, tokens[name], room)
            for number, name in enumerate(names)
        ]
        eventually(lambda: all(client.room.epoch for client in clients), within=30)
        assert {client.room.seq for client in clients} == {0}, (
            "a new room begins with its first epoch"
        )
        return clients

    def wait_until_settled(self, clients: list[Client], *, within: float) -> float:
        """Until nobody has anything left to send, everybody was shown everything, and the record
        has it too. Returns the seconds it took.
        """
        began = time.monotonic()
        try:
            eventually(lambda: not self._unsettled(clients), within=within)
        except AssertionError:
            raise AssertionError(
                f"not settled within {within} s: {self._unsettled(clients)}"
            ) from None
        return time.monotonic() - began

    def wait_until_shown(self, clients: list[Client], *, within: float) -> None:
        """Until nobody has anything left to send, and everybody was shown all that was said."""
        rooms = [room for client in clients for room in client.rooms.values()]
        eventually(lambda: not any(room.pending for room in rooms), within=within)
        heads = {name: self.head(name).seq for name in {room.id for room in rooms}}
        eventually(lambda: all(room.seq >= heads[room.id] for room in rooms), within=within)

    def _unsettled(self, clients: list[Client]) -> str:
        for client in clients:
            if any(room.pending for room in client.rooms.values()):
                pending = sum(room.pending for room in client.rooms.values())
                return f"{client.user_id} has {pending} to send, {client.ended or client.wire}"
        with self.system.app.app_context():
            for name in {name for client in clients for name in client.rooms}:
                head = room_log.stand(Room(TENANT, name))
                applied = self._applied(name)
                if applied != head.seq:
                    return f"the record of {name} has {applied} of {head.seq}"
                for client in clients:
                    room = client.rooms.get(name)
                    if room and (room.epoch, room.seq) != (head.epoch, head.seq):
                        return f"{client.user_id} stands at {room.epoch}:{room.seq}, not {head}"
        return ""

    def _applied(self, room: str) -> int:
        query = select(tables.rooms.c.applied_seq).where(tables.rooms.c.id == room)
        with reading() as connection:
            return int(connection.execute(query).scalar_one())

    def head(self, room: str) -> Head:
        with self.system.app.app_context():
            return room_log.stand(Room(TENANT, room))

    def prove(self, clients: list[Client], *, whole_log: bool = True) -> Report:
        """That nothing acknowledged was lost, nothing shown twice or out of order, and that the
        record is what the log says; all that it says, when the log lost something.
        """
        report = Report(clients)
        with self.system.app.app_context():
            for name in {name for client in clients for name in client.rooms}:
                _prove(name, [client for client in clients if name in client.rooms], whole_log)
        return report


class Recorded(NamedTuple):
    seq: int
    id: str
    author_id: str
    client_id: str | None
    body: str
    epoch: str


def _prove(name: str, clients: list[Client], whole_log: bool) -> None:
    record = _record(name)
    by_name = {(each.author_id, each.client_id): each for each in record}
    assert len(by_name) == len(record), "the record has a message twice"
    for client in clients:
        room = client.rooms[name]
        lost = [each.body for each in room.sent if (client.user_id, each.client_id) not in by_name]
        assert not lost, f"{client.user_id} was told that these are kept: {lost[:5]}"
        assert not room.wrongs, (client.user_id, room.wrongs[:5])
        shown = [line[:5] for line in room.screen]
        expected = [each[:5] for each in record[-len(shown) :]] if shown else []
        assert shown == expected, f"{client.user_id} is not shown what the record has"
        if not room.started_over:
            missed = {each.id for each in record if each.seq > room.began_at} - room.ever_shown
            assert not missed, f"{client.user_id} never saw {len(missed)} messages"
        mine = [each.body for each in record if each.author_id == client.user_id]
        order = {each.body: n for n, each in enumerate(room.sent) if not each.repaired}
        known = [order[body] for body in mine if body in order]
        assert known == sorted(known), f"{client.user_id} said it in another order"
    _prove_log(name, record, whole_log)


def _prove_log(name: str, record: list[Recorded], whole: bool) -> None:
    events = room_log.since(Room(TENANT, name), 0, at_most=1_000_000)
    for earlier, later in zip(events, events[1:], strict=False):
        assert later.seq == earlier.seq + 1 or later.epoch != earlier.epoch, (earlier, later)
    logged = {each.seq: each.id for each in events}
    first = events[0].seq if events else 0
    said = {
        each.seq: Recorded(
            each.seq, each.id, each.actor_id, each.client_id, each.data["body"], each.epoch
        )
        for each in events
        if each.type == "message:created"
    }
    held = {each.seq: each for each in record if each.seq in said or (whole and each.seq >= first)}
    assert said == held, "the record is not what the log says"
    table = tables.events.c
    query = select(table.seq, table.id).where(table.room_id == name, table.seq >= first)
    with reading() as connection:
        rows = {seq: id_ for seq, id_ in connection.execute(query)}
    assert logged == {seq: id_ for seq, id_ in rows.items() if whole or seq in logged}


def _record(name: str) -> list[Recorded]:
    message, event = tables.messages.c, tables.events.c
    columns = (message.seq, message.id, message.author_id, message.client_id, message.body)
    query = (
        select(*columns, event.epoch)
        .join(tables.events, (event.room_id == message.room_id) & (event.seq == message.seq))
        .where(message.room_id == name)
        .order_by(message.seq)
    )
    with reading() as connection:
        return [Recorded(*row) for row in connection.execute(query)]


class Report:
    """What a run came to, in figures."""

    def __init__(self, clients: list[Client]) -> None:
        rooms = [room for client in clients for room in client.rooms.values()]
        answers = [answer for room in rooms for answer in room.answers]
        waits = sorted(each.waited for room in rooms for each in room.sent)
        taken = sorted(seconds for seconds, outcome in answers if outcome == "ok")
        self.written = sum(len(room.sent) + room.pending + len(room.failed) for room in rooms)
        self.acknowledged = len(waits)
        self.outcomes = Counter(outcome for _, outcome in answers)
        self.median = taken[len(taken) // 2] if taken else 0.0
        self.slowest_answer = taken[-1] if taken else 0.0
        self.p99 = taken[int(len(taken) * 0.99)] if taken else 0.0
        self.longest_wait = waits[-1] if waits else 0.0
        self.slowest_busy = max((s for s, outcome in answers if outcome == "busy"), default=0.0)
        self.shown = sum(len(room.ever_shown) for room in rooms)
        self.resumed = sum(room.resumed for room in rooms)
        self.started_over = sum(room.started_over for room in rooms)
        self.connections = sum(client.connections for client in clients)

    def __str__(self) -> str:
        return (
            f"{self.acknowledged} of {self.written} acknowledged, {self.shown} shown; "
            f"ack median {self.median * 1000:.0f} ms, p99 {self.p99 * 1000:.0f} ms, "
            f"slowest {self.slowest_answer:.2f} s, longest wait {self.longest_wait:.2f} s; "
            f"answers {dict(self.outcomes)}; {self.connections} connections, "
            f"{self.resumed} resumes, {self.started_over} new starts"
        )
