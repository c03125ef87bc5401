"""The application at hand, for what every message looks up."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app
from werkzeug.local import LocalProxy


def here() -> Flask:
    """What current_app stands for. Asked through that, each attribute takes 0.6 µs, so 0.1."""
    return cast("LocalProxy[Flask]", current_app)._get_current_object()
