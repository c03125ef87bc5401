"""Freeing what was reserved for answers that have ended."""

from __future__ import annotations

from flask import Flask

from chatapp.actions import budgets
from chatapp.sockets.background import for_ever


def sweep(app: Flask) -> None:
    """The clock does it too; whoever comes first."""
    for_ever(app, budgets.sweep, every=app.config["BUDGET_SWEEP_EVERY"])
