"""What people asked of this worker, reckoned up with the others beside the events."""

from __future__ import annotations

from flask import Flask

from chatapp.actions import connections
from chatapp.sockets.background import for_ever


def settle(app: Flask) -> None:
    for_ever(app, connections.settle_accounts, every=1.0)
