"""One's own sessions."""

from __future__ import annotations

from dataclasses import asdict

from chatapp.actions import sessions
from chatapp.schemas.http import SessionPayload
from chatapp.types import Caller, Listing
from chatapp.views.door import endpoint


@endpoint(gives=SessionPayload, listed=True)
def index(caller: Caller) -> object:
    mine = sessions.mine(caller)
    return Listing([asdict(one) | {"current": one.id == caller.session_id} for one in mine])


@endpoint()
def revoke(caller: Caller, session_id: str) -> None:
    sessions.revoke(caller, session_id=session_id)


@endpoint()
def revoke_others(caller: Caller) -> None:
    sessions.revoke_others(caller)
