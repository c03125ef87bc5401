"""Signing in and out, and seeing to one's other sessions."""

from __future__ import annotations

from chatapp import auth, passwords
from chatapp.actions import access
from chatapp.errors import Blocked, NotFound, NotSignedIn
from chatapp.store import control, limits, sessions, users
from chatapp.types import Caller, Session, User

WRONG = "The workspace, the e-mail address or the password is wrong."


def sign_in(*, slug: str, email: str, password: str, address: str, user_agent: str) -> Session:
    """A new session, never one that existed before.

    Whether the workspace, the address or the password is wrong shows neither in the answer nor in
    the time it takes. Raises NotSignedIn, Blocked (to who knows the password), TooFast.
    """
    visitor, guessed = limits.visitor(address), f"account {slug}:{email.casefold()}"
    limits.attempt("sign_in", visitor)
    limits.attempt("sign_in", guessed)
    found = users.credentials(slug, email)
    user, kept, suspended = found or (None, None, False)
    if not passwords.matches(password, kept) or user is None or kept is None:
        raise NotSignedIn(WRONG)
    if user.disabled or suspended:
        raise Blocked
    # Of what came from the address only what was meant for this account: else a guesser would sign
    # in to an account of their own now and then.
    limits.forgive("sign_in", visitor, at_most=limits.forgive("sign_in", guessed))
    if passwords.is_outdated(kept):
        users.set_password_hash(user.tenant_id, user.id, passwords.keep(password))
    return sessions.add(user, kind="browser", address=address, user_agent=user_agent)


def begin(user: User, *, address: str, user_agent: str) -> Session:
    """The first session of an account that was made just now."""
    return sessions.add(user, kind="browser", address=address, user_agent=user_agent)


def sign_out(caller: Caller) -> None:
    """End this session, everywhere. Repeating it, after Busy, is harmless."""
    _end(caller, caller.session_id, "signed_out")


def mine(caller: Caller) -> list[Session]:
    return sessions.of(caller.tenant_id, caller.user_id)


def revoke(caller: Caller, *, session_id: str) -> None:
    """End one of the caller's sessions. Raises NotFound."""
    if not sessions.exists(caller.tenant_id, caller.user_id, session_id):
        raise NotFound("There is no such session.")
    _end(caller, session_id, "revoked")


def revoke_others(caller: Caller) -> None:
    """End all of the caller's sessions but this one."""
    sessions.revoke_all(caller.tenant_id, caller.user_id, except_id=caller.session_id)
    control.say(
        "sessions_ended",
        caller.tenant_id,
        user_id=caller.user_id,
        except_session_id=caller.session_id,
        reason="revoked",
    )


def issue_token(caller: Caller, *, user_id: str, ttl: float) -> str:
    """A bearer token for somebody of the workspace. Raises NotAllowed, NotFound, Blocked."""
    access.administration(caller)
    user = access.person(caller, user_id)
    if user.disabled or user.role == "assistant":
        raise Blocked
    return auth.sign(sessions.add(user, kind="token", lifetime=ttl))


def _end(caller: Caller, session_id: str, reason: str) -> None:
    sessions.revoke(caller.tenant_id, caller.user_id, session_id)
    control.say("session_ended", caller.tenant_id, session_id=session_id, reason=reason)
