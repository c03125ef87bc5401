"""For those who watch over the server: is it alive, could a person chat, what did it count."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from chatapp import metrics
from chatapp.actions import health


def alive() -> ResponseReturnValue:
    """Says nothing of Redis or the database: restarting us would not help them."""
    return {"alive": True}


def ready() -> ResponseReturnValue:
    yes, checks = health.ready()
    if yes:
        return {"ready": True, **checks}
    return {"ready": False, **checks}, 503, {"Retry-After": "5"}


def numbers() -> ResponseReturnValue:
    health.count()
    body, content_type = metrics.render()
    return body, 200, {"Content-Type": content_type}
