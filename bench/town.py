"""People, rooms and tokens for the load: a database made in a second, without the doors."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from chatapp import auth, create_app, text
from chatapp.store import room_log, sessions, tables, users
from chatapp.store.database import writing
from chatapp.types import Draft, Room
from config import Config

PEOPLE_EACH = (
    100  # in a workspace, if their room is not larger: all of them hear who comes and goes
)
LIMITS = {
    name: 10**9
    for name in (
        "LIMIT_SEND",
        "LIMIT_SEND_ROOM",
        "LIMIT_SEND_WORKSPACE",
        "LIMIT_RESUME",
        "LIMIT_CONNECT",
        "LIMIT_EVENTS",
        "CONNECTIONS_PER_PERSON",
        "UNKNOWN_PER_ADDRESS",
    )
}  # counted, as always, and never reached


def build(
    folder: Path, redis_url: str, *, people: int, rooms: int
) -> tuple[dict[str, str], list[str]]:
    """The server's environment, and for each client its room and its credentials."""
    settings = {
        "SECRET_KEY": "a secret for benches only",
        "REDIS_URL": redis_url,
        "DATABASE_URL": f"sqlite:///{folder / 'chat.db'}",
        "LOG_LEVEL": "warning",
        "RECORD_LAG": "1e9",  # the record is Celery's business, not the measured worker's
        **{name: str(most) for name, most in LIMITS.items()},
    }
    app = create_app(Config.from_env(settings))
    tables.metadata.create_all(app.extensions["database"])
    with app.app_context():
        workspaces = [f"bench{n}" for n in range(min(rooms, max(1, people // PEOPLE_EACH)))]
        homes = [workspaces[n % len(workspaces)] for n in range(rooms)]
        _fill(people, homes)
        epochs = [_begin(n, home) for n, home in enumerate(homes)]
        clients = [
            _client(n, n % rooms, homes[n % rooms], epochs[n % rooms]) for n in range(people)
        ]
    app.extensions["database"].dispose()
    return settings, clients


def _fill(people: int, homes: list[str]) -> None:
    """`homes`: the workspace of each room, and of its people."""
    now, rooms = datetime.now(UTC), len(homes)
    with writing() as connection:
        connection.execute(insert(tables.workspaces), [_workspace(w, now) for w in {*homes}])
        of_people = [_person(n, homes[n % rooms], now) for n in range(people)]
        connection.execute(insert(tables.users), of_people)
        connection.execute(insert(tables.rooms), [_room(n, w, now) for n, w in enumerate(homes)])
        inside = [_membership(n, n % rooms, homes[n % rooms], now) for n in range(people)]
        connection.execute(insert(tables.memberships), inside)


def _begin(n: int, home: str) -> str:
    """A first event, and its epoch: a room without is brought to life by whoever comes first."""
    draft = Draft(
        "room:created", f"first-{n}", "user0", {"kind": "public", "name": f"room{n}", "topic": ""}
    )
    event, _ = room_log.append(Room(home, f"room{n}"), draft, by_member=False)
    return event.epoch


def _client(n: int, room: int, home: str, epoch: str) -> str:
    """As one that comes back: it knows where it stood."""
    resume = {"room_id": f"room{room}", "epoch": epoch, "after": 1}
    return "\t".join((f"room{room}", json.dumps({"token": _token(n, home)}), json.dumps(resume)))


def _token(n: int, home: str) -> str:
    user = users.find(home, f"user{n}")
    assert user is not None
    return auth.sign(sessions.add(user, kind="token", lifetime=86_400))


def _workspace(home: str, now: datetime) -> dict[str, object]:
    return {"id": home, "slug": home, "name": home, "created_at": now}


def _person(n: int, home: str, now: datetime) -> dict[str, object]:
    return {
        "id": f"user{n}",
        "workspace_id": home,
        "email": f"user{n}@bench.test",
        "name": f"User {n}",
        "name_skeleton": text.skeleton(f"User {n}"),
        "role": "member",
        "password_hash": "",
        "created_at": now,
    }


def _room(n: int, home: str, now: datetime) -> dict[str, object]:
    return {
        "id": f"room{n}",
        "workspace_id": home,
        "kind": "public",
        "name": f"room{n}",
        "name_skeleton": f"room{n}",
        "created_by": "user0",
        "created_at": now,
        "epoch": "",
    }


def _membership(person: int, room: int, home: str, now: datetime) -> dict[str, object]:
    return {
        "room_id": f"room{room}",
        "user_id": f"user{person}",
        "workspace_id": home,
        "role": "member",
        "joined_at": now,
    }
