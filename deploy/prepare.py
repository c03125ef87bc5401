"""Bring the database to shape, before anybody works on it: `python -m deploy.prepare`.

Ends with code 1 and one sentence on standard error when Redis or the database does not answer.
The last line of standard output is the revision the database is at.
"""

from __future__ import annotations

import os
import sys

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from chatapp import create_app
from chatapp.errors import ChatError
from chatapp.store import migrations
from config import Config, ConfigError


def main() -> str | None:
    try:
        app = create_app(Config.from_env(os.environ))
    except (ConfigError, ValueError, SQLAlchemyError, ImportError) as error:
        return f"A setting is wrong: {_first_line(error)}"
    try:
        app.extensions["redis"].ping()
    except (RedisError, OSError) as error:
        return f"Redis at REDIS_URL does not answer: {_first_line(error)}"
    try:
        with app.app_context():
            if migrations.pending():
                migrations.upgrade()
    except (ChatError, SQLAlchemyError) as error:
        return (
            f"The database at DATABASE_URL cannot be used: {_first_line(error.__cause__ or error)}"
        )
    return None


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


if __name__ == "__main__":
    sys.exit(main())
