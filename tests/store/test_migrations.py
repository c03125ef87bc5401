from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect, make_url, text

from chatapp.store import database, fulltext, migrations, passages, tables, users
from chatapp.text import skeleton
from chatapp.types import assistant_id


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    """An application on a database without a table."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        server = request.getfixturevalue("postgresql_url")
        _ask(server, "DROP DATABASE IF EXISTS empty")
        _ask(server, "CREATE DATABASE empty")
        url = make_url(server).set(database="empty").render_as_string(hide_password=False)
    app = Flask(__name__)
    app.config["DATABASE_URL"] = url
    database.init_app(app)
    with app.app_context():
        yield app
    app.extensions["database"].dispose()


def test_the_migrations_lead_to_the_tables_we_use(empty):
    assert migrations.pending()

    migrations.upgrade()

    assert not migrations.pending()
    with database.reading() as connection:
        # Alembic takes SQLite's empty-string default for another one than ours.
        defaults = connection.dialect.name != "sqlite"
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": defaults,
                "include_name": fulltext.is_described,
            },
        )
        assert compare_metadata(context, tables.metadata) == []


def test_every_promise_of_uniqueness_arrives_in_the_database(empty):
    migrations.upgrade()

    found = inspect(empty.extensions["database"])
    for table in tables.metadata.sorted_tables:
        promised = {
            constraint.name
            for constraint in table.constraints
            if type(constraint).__name__ == "UniqueConstraint"
        }
        assert {unique["name"] for unique in found.get_unique_constraints(table.name)} == promised


def test_migrating_twice_is_migrating_once(empty):
    migrations.upgrade()
    migrations.upgrade()

    assert not migrations.pending()


def test_what_was_said_before_the_index_is_found(empty):
    """Except what was taken back."""
    said = [("lobby", n, f"word{n % 7} of many", None) for n in range(1, 5_000)]
    said += [("board", 1, "a launch on Friday", None), ("board", 2, "", "2026-11-01T00:00:00Z")]
    migrations.upgrade("0002")
    with database.writing() as connection:
        connection.execute(
            text(
                "INSERT INTO workspaces (id, slug, name, created_at)"
                " VALUES ('acme', 'acme', 'A', '2026-11-01')"
            ),
        )
        connection.execute(
            text(
                "INSERT INTO rooms (id, workspace_id, kind, name, created_by, created_at)"
                " VALUES (:id, 'acme', 'public', :id, 'ada', '2026-11-01')"
            ),
            [{"id": "lobby"}, {"id": "board"}],
        )
        connection.execute(
            text(
                "INSERT INTO messages (room_id, seq, workspace_id, id, author_id, body, mentions, at, removed_at)"
                " VALUES (:room_id, :seq, 'acme', :id, 'ada', :body, '[]', '2026-11-01', :removed_at)"
            ),
            [
                {
                    "room_id": room,
                    "seq": seq,
                    "id": f"{room}{seq}",
                    "body": body,
                    "removed_at": gone,
                }
                for room, seq, body, gone in said
            ],
        )

    migrations.upgrade()

    (found,) = passages.search("acme", room_ids=["board", "lobby"], words="launch", at_most=9)
    assert (found.room_id, found.seq, found.body) == ("board", 1, "a launch on Friday")
    assert len(passages.search("acme", room_ids=["lobby"], words="word3", at_most=900)) > 100
    with database.reading() as connection:
        count = connection.execute(text("SELECT count(*) FROM message_words")).scalar()
    assert count == len(said) - 1


def _ask(url: str, statement: str) -> None:
    engine = database.connect(url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_a_workspace_from_before_gets_its_assistant_under_a_name_that_nobody_has(empty):
    migrations.upgrade("0001")
    with empty.extensions["database"].begin() as connection:
        connection.execute(
            text("INSERT INTO workspaces VALUES ('acme', 'acme', 'Acme', '2026-01-01', NULL)")
        )
        connection.execute(
            text(
                "INSERT INTO users (id, workspace_id, email, name, name_skeleton, role, password_hash,"
                " created_at) VALUES ('ada', 'acme', 'a@b', 'Assistant', :skeleton, 'owner', '!',"
                " '2026-01-01')"
            ),
            {"skeleton": skeleton("Assistant")},
        )

    migrations.upgrade()

    found = users.find("acme", assistant_id("acme"))
    assert found is not None
    assert (found.name, found.role) == ("Assistant 2", "assistant")
