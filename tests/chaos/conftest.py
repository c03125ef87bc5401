"""Systems to break. `system`, `town` and `crowd` are those of tests/live."""

from __future__ import annotations

from tests.live.conftest import crowd, settings, system, town

__all__ = ["crowd", "settings", "system", "town"]
