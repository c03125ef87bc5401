"""What holds for every HTTP request: a form must be ours, and what a page may load. Hosts and
proxies are the business of gate.py.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from flask import Flask, Response, current_app, request
from flask_wtf import CSRFProtect

from chatapp import auth
from chatapp.actions import access, requests
from chatapp.errors import ChatError, NotSignedIn

MOST_BYTES = 128 * 1024  # of a request's body
UPLOADS = {  # but of these, that bring a document
    "api.documents.create",
    "api.documents.replace",
    "admin_knowledge.add",
    "admin_knowledge.replace",
}
_UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
_UNCOUNTED = {None, "static", "health.alive", "health.ready", "health.numbers"}
# Nobody is looked up for these: they are shown to everybody, and while the database is down.
_PUBLIC = {"entrance.sign_in", "entrance.sign_up", "entrance.invitation", "openapi.show"}

_CSP = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",  # our WebSocket too, from Chromium 71, Firefox 50 and Safari 16 on
        "object-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Links in messages lead away and tell nobody where from; under TLS flask-wtf wants our own.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_YEAR = int(timedelta(days=365).total_seconds())

_csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    app.config.update(
        MAX_CONTENT_LENGTH=MOST_BYTES,
        MAX_FORM_MEMORY_SIZE=MOST_BYTES,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a chat stays open for days
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_HEADERS=["X-CSRF-Token"],
    )
    _csrf.init_app(app)
    app.before_request(_let_documents_in)
    app.before_request(_check_csrf)
    app.before_request(_count)
    app.after_request(_harden)


def _let_documents_in() -> None:
    """A document is larger than anything else; only who may change documents sends one."""
    if request.endpoint in UPLOADS:
        with suppress(ChatError):
            access.administration(auth.caller())
            request.max_content_length = current_app.config["DOCUMENT_BYTES"] + MOST_BYTES


def _check_csrf() -> None:
    """A bearer token is proof enough: no browser sends it by itself. Who comes to the API with
    neither has no page that could be too old: they are not signed in.
    """
    if auth.bearer_token(request) is not None:
        return
    if request.path.startswith("/api/") and request.method in _UNSAFE and not auth.has_cookie():
        raise NotSignedIn
    _csrf.protect()


def _count() -> None:
    """The pages: by form, and more generously by reading. The API counts its requests itself."""
    endpoint, address = request.endpoint, request.remote_addr or ""
    if endpoint in _UNCOUNTED or (endpoint or "").startswith("api."):
        return
    who = None
    if request.method == "POST" or endpoint not in _PUBLIC:
        with suppress(ChatError):
            who = auth.caller()
    if request.method == "POST":
        requests.admit_form(who, address=address)
    else:
        requests.admit_reader(who, address=address)


def _harden(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if current_app.config["SECURE_COOKIES"]:
        response.headers["Strict-Transport-Security"] = f"max-age={_YEAR}; includeSubDomains"
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
