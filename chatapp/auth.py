"""Who is calling: browsers come with a session cookie, bots and other clients with a signed token.

Both name a row of `sessions`, and nothing else counts: revoke the row and cookie and token are
worth nothing. The row is read with its user and workspace in one query.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, Request, current_app, request
from flask import session as cookie
from flask_login import LoginManager, UserMixin, current_user, login_user
from itsdangerous import BadSignature, URLSafeSerializer

from chatapp.errors import Blocked, Busy, NotSignedIn
from chatapp.store import sessions
from chatapp.store.here import here
from chatapp.store.sessions import Identity
from chatapp.types import Caller, Session

_NOTICE_EVERY = timedelta(minutes=5)  # between two notes of when a session was last seen


class _Visitor(UserMixin):
    """What flask-login keeps; its id is the session's."""

    def __init__(self, session_id: str, caller: Caller | None = None) -> None:
        self.id = session_id
        self.caller = caller


def init_app(app: Flask) -> None:
    days = timedelta(days=app.config["SESSION_DAYS"])
    app.config.update(
        SESSION_COOKIE_NAME="__Host-session" if app.config["SECURE_COOKIES"] else "session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=app.config["SECURE_COOKIES"],
        PERMANENT_SESSION_LIFETIME=days,
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    app.extensions["tokens"] = URLSafeSerializer(app.config["SECRET_KEY"], salt="token")
    # Its context processor would look somebody up for every page, the sign-in page too.
    manager = LoginManager(app, add_context_processor=False)
    manager.session_protection = None  # addresses change when a phone leaves the house
    manager.user_loader(lambda session_id: _Visitor(session_id, _admit(session_id)))


def caller() -> Caller:
    """Whoever makes this HTTP request. Raises NotSignedIn or Blocked."""
    token = bearer_token(request)
    if token is not None:
        # A header is deliberate, a cookie comes along by itself: never fall back from the first
        # to the second.
        return _admit(_session_of(token))
    found: Caller | None = getattr(current_user, "caller", None)
    if found is None:
        raise NotSignedIn
    return found


def has_cookie() -> bool:
    """Whether this browser comes as somebody, be the session over or not."""
    return "_user_id" in cookie


def departing() -> Caller:
    """Whoever's cookie this is, even when the session has ended. Raises NotSignedIn without one."""
    session_id = cookie.get("_user_id")
    identity = sessions.identify(session_id) if session_id else None
    if identity is None:
        raise NotSignedIn
    return identity.caller


def identify(credentials: object, handshake: dict[str, Any]) -> Caller:
    """Whoever opens a connection: by {"token": …}, else by the cookie of the handshake, a WSGI
    environment. At most one query.

    Raises NotSignedIn or Blocked.
    """
    token = credentials.get("token") if isinstance(credentials, dict) else None
    session_id = _session_of(token) if token is not None else _session_of_cookie(handshake)
    if not isinstance(session_id, str):
        raise NotSignedIn
    return _admitted(sessions.identify_newcomer(session_id)).caller


def confirm(caller: Caller) -> None:
    """For what takes long after it was allowed: whether it still would be. One query. Raises
    NotSignedIn or Blocked.
    """
    _admitted(sessions.identify(caller.session_id))


def remember(session: Session) -> None:
    """Sign this browser in. A new cookie content each time: one planted before is worth nothing
    after.
    """
    cookie.clear()
    login_user(_Visitor(session.id))
    cookie.permanent = True


def forget() -> None:
    """Empty the cookie. Not logout_user(): it would look up the visitor, whose session has ended."""
    cookie.clear()


def sign(session: Session) -> str:
    """The bearer token of this session: good for as long as the session is."""
    content = [session.id, int(session.expires_at.timestamp())]
    return str(current_app.extensions["tokens"].dumps(content))


def bearer_token(request: Request) -> str | None:
    header = request.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _session_of(token: object) -> str:
    """The session a token names. Raises NotSignedIn unless we signed it and its time is not up."""
    if not isinstance(token, str):
        raise NotSignedIn
    try:
        session_id, expires = current_app.extensions["tokens"].loads(token)
    except (BadSignature, ValueError, TypeError):
        raise NotSignedIn from None
    if expires + sessions.LEEWAY < time.time():
        raise NotSignedIn
    return str(session_id)


def _session_of_cookie(handshake: dict[str, Any]) -> object:
    """What the cookie says, read as Flask reads it, without the request that a handshake is not."""
    app = here()
    cookie = app.session_interface.open_session(app, app.request_class(handshake))
    return cookie.get("_user_id") if cookie is not None else None


def _admit(session_id: str) -> Caller:
    """Whoever makes a request; it is noticed."""
    identity = _admitted(sessions.identify(session_id))
    if identity.last_seen_at < datetime.now(UTC) - _NOTICE_EVERY:
        with suppress(Busy):  # when they were last here is not worth refusing them
            sessions.touch(session_id)
    return identity.caller


def _admitted(identity: Identity | None) -> Identity:
    if identity is None or identity.ended:
        raise NotSignedIn
    if identity.closed:
        raise Blocked
    return identity
