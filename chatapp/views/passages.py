"""Where an answer's sources lead."""

from __future__ import annotations

from chatapp.actions import passages
from chatapp.schemas.http import PassagePayload
from chatapp.types import Caller
from chatapp.views.door import endpoint


@endpoint(gives=PassagePayload)
def show(caller: Caller, passage_id: str) -> object:
    return passages.find(caller, passage_id=passage_id)
