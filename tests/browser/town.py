"""People and rooms of a running system, made as bin/chat makes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert
from uuid_utils import uuid7

from chatapp import text
from chatapp.actions import documents, members, messages, people, rooms, workspaces
from chatapp.store import assistants, directory, fulltext, tables
from chatapp.store.database import writing
from chatapp.types import Assistant, Caller, Role
from tests.conftest import PASSWORD
from tests.live.system import System, eventually

WORKSPACE = "acme"

Said = tuple[datetime, "Account", str]


@dataclass(frozen=True)
class Account:
    id: str
    name: str
    email: str
    password: str = PASSWORD


class Town:
    """One workspace, and who and what is in it."""

    def __init__(self, system: System) -> None:
        self._app = system.app
        with self._app.app_context():
            self.tenant_id = workspaces.create(slug=WORKSPACE, name="Acme").id

    def person(self, name: str, role: Role = "member") -> Account:
        email = f"{name.split(maxsplit=1)[0].lower()}@acme.test"
        with self._app.app_context():
            user = people.create(
                self._operator(), email=email, name=name, role=role, password=PASSWORD
            )
            directory.forget(self.tenant_id)  # nothing here hears that people have changed
        return Account(user.id, name, email)

    def room(self, name: str, *inside: Account, private: bool = False) -> str:
        """Whoever is named first looks after it. Returns its id."""
        with self._app.app_context():
            kind = "private" if private else "public"
            room = rooms.found(self._operator(), name=name, kind=kind)
            for person in inside:
                members.add(self._operator(), room_id=room.id, user_ids=[person.id])
        return room.id

    def used(self, person: Account, room_id: str, *, cost: int | None) -> None:
        """An answer of the assistant, a moment ago."""
        row = {
            "run_id": str(uuid7()),
            "workspace_id": self.tenant_id,
            "person_id": person.id,
            "room_id": room_id,
            "provider": "openai",
            "model": "gpt-4o",
            "input_tokens": 1_000,
            "output_tokens": 100,
            "cost": cost,
            "at": datetime.now(UTC),
        }
        with self._app.app_context(), writing() as connection:
            connection.execute(insert(tables.usage).values(row))

    def brings(self, room_id: str, *people: Account) -> None:
        with self._app.app_context():
            members.add(self._operator(), room_id=room_id, user_ids=[each.id for each in people])

    def say(self, room_id: str, author: Account, *bodies: str) -> None:
        """Said somewhere else: no browser of the test sends it."""
        caller = Caller(self.tenant_id, author.id, author.name)
        with self._app.app_context():
            for body in bodies:
                messages.send(caller, room_id=room_id, client_id=str(uuid7()), body=body)

    def knows(self, name: str, content: str) -> None:
        """A document that the assistant may quote, read."""
        with self._app.app_context():
            added = documents.add(self._operator(), name=name, content=content.encode())
            eventually(lambda: self._is_read(added.id), within=20)

    def _is_read(self, document_id: str) -> bool:
        return documents.find(self._operator(), document_id=document_id).state == "ready"

    def chooses(self, assistant: Assistant) -> None:
        with self._app.app_context():
            assistants.put(self.tenant_id, assistant)

    def archive(self, room_id: str) -> None:
        with self._app.app_context():
            rooms.archive(self._operator(), room_id=room_id)

    def old_room(self, name: str, *inside: Account, said: list[Said]) -> str:
        """A room of long ago, all of it read: the record has it, Redis has never heard of it.
        Returns its id.
        """
        room_id, began = str(uuid7()), datetime.now(UTC) - timedelta(days=400)
        room = {
            "id": room_id,
            "workspace_id": self.tenant_id,
            "kind": "public",
            "name": name,
            "name_skeleton": text.skeleton(name),
            "created_by": inside[0].id,
            "created_at": began,
            "applied_seq": len(said),
        }
        memberships = [
            {
                "room_id": room_id,
                "user_id": person.id,
                "workspace_id": self.tenant_id,
                "role": "member" if place else "admin",
                "joined_at": began,
                "read_seq": len(said),
            }
            for place, person in enumerate(inside)
        ]
        rows = [self._row(room_id, seq, *each) for seq, each in enumerate(said, 1)]
        with self._app.app_context(), writing() as connection:
            connection.execute(insert(tables.rooms), room)
            connection.execute(insert(tables.memberships), memberships)
            connection.execute(insert(tables.messages), rows)
            connection.execute(insert(tables.message_words), [self._words(row) for row in rows])
        return room_id

    def _row(
        self, room_id: str, seq: int, at: datetime, author: Account, body: str
    ) -> dict[str, Any]:
        return {
            "room_id": room_id,
            "seq": seq,
            "workspace_id": self.tenant_id,
            "id": str(uuid7()),
            "author_id": author.id,
            "client_id": str(uuid7()),
            "body": body,
            "mentions": [],
            "at": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }

    @staticmethod
    def _words(row: dict[str, Any]) -> dict[str, object]:
        words = fulltext.indexed(row["room_id"], row["body"])
        return {"room_id": row["room_id"], "seq": row["seq"], "words": words}

    def _operator(self) -> Caller:
        return workspaces.operator(WORKSPACE)
