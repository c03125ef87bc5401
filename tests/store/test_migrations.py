from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect, make_url, text

from chatapp.store import database, migrations, tables


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
            connection, opts={"compare_type": True, "compare_server_default": defaults}
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


def _ask(url: str, statement: str) -> None:
    engine = database.connect(url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
