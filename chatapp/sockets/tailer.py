"""What every web worker does unasked: follow the logs, say where rooms stand, help the record."""

from __future__ import annotations

from flask import Flask

from chatapp.actions import delivery, history
from chatapp.sockets.background import for_ever

_LOOK_EVERY = 1.0  # seconds between looks whether the record lags


def follow(app: Flask) -> None:
    """Tell this worker's people what the logs say."""
    for_ever(app, delivery.deliver)


def notice(app: Flask) -> None:
    """Tell them when it cannot, and when it can again."""
    for_ever(app, delivery.tell_stale, every=1.0)


def tell_heads(app: Flask) -> None:
    for_ever(app, delivery.tell_heads, every=app.config["HEAD_EVERY"])


def help_out(app: Flask) -> None:
    """Write the record when Celery and its clock do not."""
    for_ever(app, history.help_out, every=_LOOK_EVERY)
