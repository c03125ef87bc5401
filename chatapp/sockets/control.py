"""Hearing, in every web worker, who may no longer be here."""

from __future__ import annotations

from flask import Flask

from chatapp.actions import control
from chatapp.sockets.background import for_ever

_VERIFY_EVERY = 60.0  # seconds; at once when there is a doubt


def follow(app: Flask) -> None:
    for_ever(app, control.listen)


def verify(app: Flask) -> None:
    for_ever(app, lambda: control.verify(wait=_VERIFY_EVERY))
