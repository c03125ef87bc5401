"""Active or away; and the beat that keeps a worker's people present."""

from __future__ import annotations

from flask import Flask

from chatapp.actions import presence
from chatapp.schemas import SetPresence
from chatapp.sockets.background import for_ever
from chatapp.sockets.door import event, sid
from chatapp.types import Caller, State


@event(SetPresence)
def set_state(caller: Caller, state: State) -> object:
    presence.set_state(caller, sid=sid(), state=state)
    return {}


def renew(app: Flask) -> None:
    for_ever(app, presence.beat, every=app.config["LEASE_RENEW"])


def sweep(app: Flask) -> None:
    """The clock does it too; whoever comes first."""
    for_ever(app, presence.sweep, every=app.config["SWEEP_EVERY"])
