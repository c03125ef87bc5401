"""How Alembic reaches the database: by our settings, or over the connection it is given."""

from __future__ import annotations

import os

from alembic import context

from chatapp.store import fulltext
from chatapp.store.database import connect
from chatapp.store.tables import metadata
from config import Config


def run(connection: object) -> None:
    # SQLite cannot change a column in place: "batch" makes a new table and copies.
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        include_name=fulltext.is_described,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = connect(Config.from_env(os.environ).DATABASE_URL)
    with engine.begin() as connection:
        run(connection)
