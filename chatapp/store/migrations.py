"""Bringing the database to the shape of tables.py, and telling whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from chatapp.store.database import reading, writing

_HERE = Path(__file__).parents[2] / "migrations"


def upgrade(revision: str = "head") -> None:
    """To the newest revision, or another, in one transaction. Raises Busy when the database cannot be reached."""
    with writing() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def pending() -> bool:
    """Whether upgrade() has anything to do. Raises Busy."""
    with reading() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current != ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    return config
