"""What is no event of ours is answered all the same: whoever misspells one must not wait for ever."""

from __future__ import annotations

from chatapp.errors import NotFound
from chatapp.sockets.door import event
from chatapp.types import Caller


@event(None)
def answer(_caller: Caller) -> object:
    raise NotFound("There is no such event.")
