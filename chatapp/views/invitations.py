"""Asking people in."""

from __future__ import annotations

from dataclasses import asdict

from flask import url_for

from chatapp.actions import invitations
from chatapp.schemas.http import InvitationPayload, Invite
from chatapp.types import Caller, Listing, Role
from chatapp.views.door import endpoint


@endpoint(gives=InvitationPayload, listed=True)
def index(caller: Caller) -> object:
    return Listing(invitations.open_ones(caller))


@endpoint(Invite, InvitationPayload, status=201, secrets=["url"])
def create(caller: Caller, email: str | None, role: Role) -> object:
    invitation, token = invitations.create(caller, email=email, role=role)
    return asdict(invitation) | {"url": link(token)}


@endpoint()
def revoke(caller: Caller, invitation_id: str) -> None:
    invitations.revoke(caller, invitation_id=invitation_id)


def link(token: str) -> str:
    return url_for("entrance.invitation", token=token, _external=True)
