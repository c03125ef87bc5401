"""The chat application. Read create_web for the table of contents."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from config import Config, ProviderKeys

# Imports wait for their function: `bin/chat --help` needs none of them, a worker neither door.


def create_app(config: Config, keys: ProviderKeys | None = None) -> Flask:
    """What web servers, workers and the command line share: settings, storage, identity, a voice.
    Workers alone have `keys`.
    """
    from flask import Flask  # noqa: PLC0415

    from chatapp import auth, bus, jobs, llm, logs, metrics, store  # noqa: PLC0415

    app = Flask(__name__, template_folder="../templates", static_folder="../static")
    app.config.from_object(config)
    logs.init_app(app)
    metrics.init_app(app)
    store.init_app(app)
    auth.init_app(app)
    bus.init_app(app)
    jobs.init_app(app)
    llm.init_app(app, keys)
    return app


def create_web(config: Config) -> Flask:
    """The application with its two doors open."""
    from chatapp import bus, sockets, store, views  # noqa: PLC0415
    from chatapp.views import gate  # noqa: PLC0415

    app = create_app(config)
    if config.FAST_ENGINE:
        store.put_on_the_loop(app)
    views.init_app(app)
    sockets.init_app(app, bus.queue(app, write_only=False))
    gate.init_app(app)
    return app
