"""The application at hand, for what every message looks up."""

from __future__ import annotations

from chatapp import engine

here = engine.app_at_hand
