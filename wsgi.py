"""The web entry: `gunicorn -k eventlet -w 4 wsgi:app`. Patch, then build; nothing else."""

import os

if os.environ.get("ASYNC_MODE", "eventlet") == "eventlet":
    import eventlet

    eventlet.monkey_patch()  # before anything opens a socket; harmless after our worker's own
    os.environ["ASYNC_MODE"] = "eventlet"
    os.environ.setdefault(
        "PSYCOPG_WAIT_FUNC", "wait_selector"
    )  # else psycopg blocks every greenlet

from chatapp import create_web
from config import Config

app = create_web(Config.from_env(os.environ))
