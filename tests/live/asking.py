"""Conversations with the assistant of a running system, and what each of their readers is shown."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any

from sqlalchemy import insert, select
from uuid_utils import uuid7

from chatapp.actions import members, rooms
from chatapp.money import MOST
from chatapp.store import allowances, assistants, budgets, tables, workspaces
from chatapp.store.database import reading, writing
from chatapp.types import Assistant, Caller, assistant_id
from tests.fake_providers import Asked
from tests.live.client import Client, Crowd
from tests.live.system import eventually
from tests.live.town import TENANT, Town


class Study:
    """A workspace whose assistant answers with a provider's model, and its conversations."""

    def __init__(self, town: Town, crowd: Crowd) -> None:
        self.town, self.crowd, self.system = town, crowd, town.system
        with self.system.app.app_context():
            with reading() as connection:
                ours = select(tables.users.c.id).where(tables.users.c.role == "assistant")
                known = connection.execute(ours).first()
            if not known:
                with writing() as connection:
                    row = workspaces.assistant(TENANT, datetime.now(UTC))
                    connection.execute(insert(tables.users).values(row))
            with writing() as connection:
                connection.execute(tables.budgets.delete())
        eventually(self.is_attended, within=20)

    def choose(self, provider: str, model: str = "a-model", **more: Any) -> None:
        with self.system.app.app_context():
            assistants.put(TENANT, Assistant(provider, model, **more))

    def conversation(self, *names: str) -> tuple[str, list[Client]]:
        """A room of the first of these new people with the assistant, and everybody in it, each on a
        server of their own as far as there are.
        """
        tokens = self.town.people(*names)
        with self.system.app.app_context():
            owner = Caller(TENANT, names[0], names[0])
            room = rooms.create(owner, kind="assistant")
            members.add(owner, room_id=room.id, user_ids=list(names[1:]))
        urls = [web.url for web in self.system.web]
        clients = [
            self.crowd.join(urls[n % len(urls)], name, tokens[name], room.id)
            for n, name in enumerate(names)
        ]
        eventually(lambda: all(client.room.epoch for client in clients), within=10)
        return room.id, clients

    def ask(self, client: Client, body: str = "What is the answer?") -> str:
        """The id of the run."""
        answer = self.crowd.ask(
            client,
            "assistant:ask",
            {"room_id": client.room.id, "client_id": str(uuid7()), "body": body},
        )
        assert answer["ok"], answer
        return str(answer["data"]["id"])

    def shown(self, client: Client, run_id: str) -> str:
        """The unfinished answer on this client's screen, once it has asked for what it missed."""
        held = ""
        for grew in client.heard("reply:grew"):
            if grew["run_id"] != run_id:
                continue
            if grew["offset"] > len(held):
                held += self.resumed(client, run_id, len(held))
            held = (
                held[: grew["offset"]] + grew["text"] + held[grew["offset"] + len(grew["text"]) :]
            )
        return held

    def resumed(self, client: Client, run_id: str, offset: int = 0) -> str:
        answer = self.crowd.ask(client, "assistant:resume", {"run_id": run_id, "offset": offset})
        assert answer["ok"], answer
        return str(answer["data"]["text"])

    def ended(self, client: Client, run_id: str, within: float = 20) -> dict[str, Any]:
        """The answer as it stands in the room: of an event that this client was shown."""
        name = f"reply-to-{run_id}"

        def said() -> Any:
            return next((line for line in client.room.screen if line.client_id == name), None)

        line = eventually(said, within=within)
        assert line.author_id == assistant_id(TENANT)
        found = eventually(lambda: self.recorded(run_id), within=10)
        assert found["body"] == line.body
        return dict(found)

    def recorded(self, run_id: str) -> dict[str, Any] | None:
        """{"body", "run"} of the only answer that the record has to this run."""
        message = tables.messages.c
        query = select(message.body, message.run).where(message.client_id == f"reply-to-{run_id}")
        with self.system.app.app_context(), reading() as connection:
            rows = connection.execute(query).mappings().all()
        assert len(rows) <= 1
        return dict(rows[0]) if rows else None

    def state(self, run_id: str) -> str:
        query = select(tables.runs.c.state).where(tables.runs.c.id == run_id)
        with self.system.app.app_context(), reading() as connection:
            return str(connection.execute(query).scalar())

    def retry(self, client: Client, run_id: str) -> str:
        answer = self.crowd.ask(client, "assistant:retry", {"run_id": run_id})
        assert answer["ok"], answer
        return str(answer["data"]["run"]["id"])

    def allow(self, monthly: int) -> None:
        """The workspace may spend so many millionths of a dollar a month."""
        with self.system.app.app_context(), writing() as connection:
            row = {"workspace_id": TENANT, "scope": "workspace", "scope_id": "", "monthly": monthly}
            connection.execute(insert(tables.budgets).values(row))

    def allow_more(self, amount: int) -> None:
        """The workspace may spend that much more than it has spent by now."""
        with self.system.app.app_context():
            allowances.put(TENANT, "workspace", "", MOST)
            spent = MOST - self.left()
            allowances.put(TENANT, "workspace", "", spent + amount)

    def left(self) -> int:
        """Of the workspace's budget."""
        with self.system.app.app_context():
            return budgets.left(TENANT, person_id="", room_id="")["workspace"]

    def many_ask(self, names: list[str]) -> list[int]:
        """Each of these new people has a conversation, and all ask at once, over HTTP. The statuses."""
        tokens = self.town.people(*names)
        with self.system.app.app_context():
            rooms_of = {
                name: rooms.create(Caller(TENANT, name, name), kind="assistant").id
                for name in names
            }

        def ask(place: int) -> int:
            name = names[place]
            web = self.system.web[place % len(self.system.web)]
            body = {"client_id": str(uuid7()), "body": "What is the answer?", "ask": True}
            connection = HTTPConnection("127.0.0.1", web.port, timeout=30)
            with closing(connection):
                path = f"/api/v1/rooms/{rooms_of[name]}/messages"
                headers = {
                    "Authorization": f"Bearer {tokens[name]}",
                    "Content-Type": "application/json",
                }
                connection.request("POST", path, json.dumps(body), headers)
                return connection.getresponse().status

        with ThreadPoolExecutor(32) as pool:
            return list(pool.map(ask, range(len(names))))

    def outcomes(self) -> Counter[str]:
        """How often: the state of a run, or the code of its error."""
        message = tables.messages.c
        query = select(message.run).where(message.run.is_not(None))
        with self.system.app.app_context(), reading() as connection:
            told = list(connection.execute(query).scalars())
            open_ = select(tables.runs.c.state).where(
                tables.runs.c.state.in_(("waiting", "running"))
            )
            states = list(connection.execute(open_).scalars())
        ended = [run["error"]["code"] if run["error"] else run["outcome"] for run in told]
        return Counter([*ended, *states])

    def reserved(self) -> bool:
        """Whether anything is set aside for a run."""
        with self.system.app.app_context():
            return bool(budgets.holds(TENANT))

    def visible_answers(self, room_id: str) -> list[str]:
        message = tables.messages.c
        query = select(message.body).where(
            message.room_id == room_id,
            message.author_id == assistant_id(TENANT),
            message.removed_at.is_(None),
        )
        with self.system.app.app_context(), reading() as connection:
            return list(connection.execute(query).scalars())

    def first_pieces(
        self, clients: list[Client], runs: list[str], requests: list[Asked]
    ) -> list[float]:
        """Seconds from the provider's first word to each screen, the quickest first. Who asked is in
        the request.
        """
        waited = []
        for client, run in zip(clients, runs, strict=True):
            seen = next(
                at
                for at, name, payload in client.others
                if name == "reply:grew" and payload["run_id"] == run
            )
            asked = next(one for one in requests if f'from="{client.user_id}"' in one.text)
            assert asked.first_word_at
            waited.append(seen - asked.first_word_at)
        return sorted(waited)

    def is_attended(self) -> bool:
        """Whether a worker has said of late that it answers questions."""
        from chatapp.store import attendants  # noqa: PLC0415

        with self.system.app.app_context():
            return attendants.reachable() is not None
