"""Finding again what was said."""

from __future__ import annotations

from chatapp.actions import search
from chatapp.schemas.search import FoundPayload, Search
from chatapp.types import Caller
from chatapp.views.door import endpoint


@endpoint(Search, FoundPayload, listed=True)
def index(caller: Caller, q: str, room_id: str | None, cursor: tuple[str, str] | None) -> object:
    return search.find(caller, q=q, room_id=room_id, after=cursor)
