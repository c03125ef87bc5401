"""For those who watch over the server: is it alive, could a person chat, what did it count."""

from __future__ import annotations

from hmac import compare_digest

from flask import current_app, request
from flask.typing import ResponseReturnValue

from chatapp import auth, metrics
from chatapp.actions import health
from chatapp.errors import NotFound

_THIS_MACHINE = ("127.0.0.1", "::1", "")  # "": through a socket in the file system


def alive() -> ResponseReturnValue:
    """Says nothing of Redis or the database: restarting us would not help them."""
    return {"alive": True}


def ready() -> ResponseReturnValue:
    yes, checks = health.ready()
    if yes:
        return {"ready": True, **checks}
    return {"ready": False, **checks}, 503, {"Retry-After": "5"}


def numbers() -> ResponseReturnValue:
    """They tell how busy we are and how we are built: for the operator, not for who finds us."""
    if not _may_watch():
        raise NotFound
    health.count()
    body, content_type = metrics.render()
    return body, 200, {"Content-Type": content_type}


def _may_watch() -> bool:
    expected = current_app.config["METRICS_TOKEN"]
    if expected:
        return compare_digest((auth.bearer_token(request) or "").encode(), expected.encode())
    # A proxy on this machine speaks for somebody else, whether TRUSTED_PROXIES knows it or not.
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return (request.remote_addr or "") in _THIS_MACHINE and not forwarded
