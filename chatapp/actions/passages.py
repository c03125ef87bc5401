"""What an answer's source says, in its place."""

from __future__ import annotations

from chatapp.errors import NotFound
from chatapp.store import passages
from chatapp.types import Caller, PassageInPlace


def find(caller: Caller, *, passage_id: str) -> PassageInPlace:
    """Raises NotFound, also when its document was replaced or deleted since it was quoted."""
    place = passages.find(caller.tenant_id, passage_id)
    if place is None:
        raise NotFound("There is no such passage any more.")
    return place
