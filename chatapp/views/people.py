"""The people of the workspace."""

from __future__ import annotations

from typing import Any

from chatapp.actions import people
from chatapp.schemas.http import ChangePerson, Find, PersonPayload
from chatapp.types import Caller
from chatapp.views.door import endpoint


@endpoint(Find, PersonPayload, listed=True)
def index(caller: Caller, q: str, cursor: tuple[str, str] | None) -> object:
    return people.page(caller, q=q, after=cursor)


@endpoint(gives=PersonPayload)
def show(caller: Caller, user_id: str) -> object:
    return people.find(caller, user_id=user_id)


@endpoint(ChangePerson, PersonPayload)
def change(caller: Caller, user_id: str, **standing: Any) -> object:
    return people.change(caller, user_id=user_id, **standing)
