"""Asking people into the workspace."""

from __future__ import annotations

from chatapp import passwords
from chatapp.actions import access
from chatapp.errors import InvalidPayload, NotAllowed, NotFound
from chatapp.store import control, invitations, limits, users
from chatapp.types import Caller, Invitation, Role, User, Workspace


def create(
    caller: Caller, *, email: str | None = None, role: Role = "member"
) -> tuple[Invitation, str]:
    """The invitation and its link's token, which is not kept. With an e-mail address the account
    must have that one. Raises NotAllowed.
    """
    access.administration(caller)
    if role == "owner" and caller.role != "owner":
        raise NotAllowed("Only an owner can do that.")
    return invitations.add(caller.tenant_id, email=email, role=role, invited_by=caller.user_id)


def open_ones(caller: Caller) -> list[Invitation]:
    access.administration(caller)
    return invitations.open_ones(caller.tenant_id)


def revoke(caller: Caller, *, invitation_id: str) -> None:
    access.administration(caller)
    if not invitations.remove(caller.tenant_id, invitation_id):
        raise NotFound("There is no such invitation.")


def look(token: str) -> tuple[Invitation, Workspace]:
    """What the link offers. Raises NotFound when it is wrong, used up or expired."""
    found = invitations.by_token(token)
    if found is None:
        raise NotFound("This invitation was used already, has expired or was taken back.")
    return found


def accept(*, token: str, email: str, name: str, password: str, address: str) -> User:
    """A new account by invitation. Raises NotFound, InvalidPayload, Conflict, TooFast."""
    limits.take("sign_up", limits.visitor(address))
    invitation, workspace = look(token)
    if invitation.email and invitation.email != email.casefold():
        raise InvalidPayload(details={"email": [f"This invitation is for {invitation.email}."]})
    user = users.add(
        workspace.id,
        email=email,
        name=name,
        role=invitation.role,
        password_hash=passwords.choose(password),
        invitation_id=invitation.id,
    )
    control.say("people_changed", workspace.id, user_id=user.id)
    return user
