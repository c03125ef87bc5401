"""Oneself."""

from __future__ import annotations

from dataclasses import asdict

from chatapp.actions import people
from chatapp.schemas.http import ChangePassword, MePayload, RenameMe
from chatapp.types import Caller
from chatapp.views.door import endpoint


@endpoint(gives=MePayload)
def show(caller: Caller) -> object:
    return _me(caller)


@endpoint(RenameMe, MePayload)
def rename(caller: Caller, name: str) -> object:
    people.rename(caller, name=name)
    return _me(caller)


@endpoint(ChangePassword)
def change_password(caller: Caller, current: str, new: str) -> None:
    people.change_password(caller, current=current, new=new)


def _me(caller: Caller) -> object:
    user, person, workspace = people.me(caller)
    more = {"email": user.email, "session_id": caller.session_id, "workspace": workspace}
    return asdict(person) | more
