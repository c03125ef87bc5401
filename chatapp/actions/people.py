"""People: oneself, and the others of the workspace."""

from __future__ import annotations

from chatapp import passwords
from chatapp.actions import access
from chatapp.errors import Conflict, InvalidPayload, NotAllowed, NotFound
from chatapp.store import control, limits, presence, sessions, users, workspaces
from chatapp.types import Caller, Listing, Person, Role, User, Workspace

AT_ONCE = 50  # people in one answer


def me(caller: Caller) -> tuple[User, Person, Workspace]:
    """The caller's account, the person others see, and the workspace."""
    user, workspace = access.person(caller, caller.user_id), workspaces.find(caller.tenant_id)
    if workspace is None:
        raise NotFound
    return user, _seen(caller, [user])[0], workspace


def find(caller: Caller, *, user_id: str) -> Person:
    return _seen(caller, [access.person(caller, user_id)])[0]


def page(caller: Caller, *, q: str = "", after: tuple[str, str] | None = None) -> Listing:
    """People by name; `next` is where the next page begins."""
    found = users.page(caller.tenant_id, q=q, after=after, limit=AT_ONCE + 1)
    shown = found[:AT_ONCE]
    more = (shown[-1].name, shown[-1].id) if len(found) > AT_ONCE else None
    return Listing(_seen(caller, shown), more)


def accounts(caller: Caller, *, q: str = "", after: tuple[str, str] | None = None) -> Listing:
    """As page, with what only administrators see: e-mail addresses."""
    access.administration(caller)
    found = users.page(caller.tenant_id, q=q, after=after, limit=AT_ONCE + 1, by_email=True)
    shown = found[:AT_ONCE]
    more = (shown[-1].name, shown[-1].id) if len(found) > AT_ONCE else None
    return Listing(shown, more)


def count(caller: Caller) -> int:
    return users.count(caller.tenant_id)


def rename(caller: Caller, *, name: str) -> None:
    """Raises InvalidPayload for a name without a visible character, Conflict for one taken."""
    users.rename(caller.tenant_id, caller.user_id, name=name)
    _changed(caller.tenant_id, caller.user_id)


def change_password(caller: Caller, *, current: str, new: str) -> None:
    """Ends the caller's other sessions. Raises InvalidPayload, TooFast."""
    guessed = f"person {caller.tenant_id}:{caller.user_id}"
    limits.attempt("sign_in", guessed)
    kept = users.password_hash(caller.tenant_id, caller.user_id)
    if not passwords.matches(current, kept):
        raise InvalidPayload(details={"current": ["This is not your password."]})
    limits.forgive("sign_in", guessed)
    users.set_password_hash(caller.tenant_id, caller.user_id, passwords.choose(new))
    sessions.revoke_all(caller.tenant_id, caller.user_id, except_id=caller.session_id)
    control.say(
        "sessions_ended",
        caller.tenant_id,
        user_id=caller.user_id,
        except_session_id=caller.session_id,
        reason="password_changed",
    )


def change(
    caller: Caller, *, user_id: str, role: Role | None = None, disabled: bool | None = None
) -> Person:
    """Give somebody another role, or close or open their account. Raises NotAllowed, Conflict.

    Only owners make, change and close owners, and one active owner remains always.
    """
    access.administration(caller)
    user = access.person(caller, user_id)
    if user.role == "assistant":
        raise NotAllowed("The assistant keeps its place.")
    if caller.role != "owner" and "owner" in (user.role, role):
        raise NotAllowed("Only an owner can do that.")
    if user.id == caller.user_id and disabled:
        raise Conflict("You cannot close your own account.")
    if (role, disabled) != (None, None) and not users.set_standing(
        caller.tenant_id, user_id, role=role, disabled=disabled
    ):
        raise Conflict("A workspace needs an owner. Make somebody else an owner first.")
    if disabled:
        sessions.revoke_all(caller.tenant_id, user_id)
        control.say("user_disabled", caller.tenant_id, user_id=user_id)
    _changed(caller.tenant_id, user_id)
    return find(caller, user_id=user_id)


def create(caller: Caller, *, email: str, name: str, role: Role, password: str) -> User:
    """An account without an invitation. Raises NotAllowed, InvalidPayload, Conflict."""
    access.administration(caller)
    user = users.add(
        caller.tenant_id,
        email=email,
        name=name,
        role=role,
        password_hash=passwords.choose(password),
    )
    _changed(caller.tenant_id, user.id)
    return user


def by_email(caller: Caller, *, email: str) -> User:
    """Raises NotAllowed, NotFound."""
    access.administration(caller)
    user = users.by_email(caller.tenant_id, email)
    if user is None:
        raise NotFound(f"Nobody here has the e-mail address {email}.")
    return user


def _changed(tenant_id: str, user_id: str) -> None:
    control.say("people_changed", tenant_id, user_id=user_id)


def _seen(caller: Caller, found: list[User]) -> list[Person]:
    states = presence.seen(caller.tenant_id, [user.id for user in found])
    return [
        Person(user.id, user.name, user.role, user.disabled, states.get(user.id, "offline"))
        for user in found
    ]
