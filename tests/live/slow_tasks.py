"""Our Celery with one task more: it is in flight for as long as a test wants."""

from __future__ import annotations

import time
from pathlib import Path

from workers import celery


@celery.task(name="tests.hold")
def hold(path: str) -> None:
    """Say that we began, and end when told to."""
    Path(f"{path}.began").touch()
    until = time.monotonic() + 60
    while not Path(f"{path}.go").exists() and time.monotonic() < until:
        time.sleep(0.02)
    Path(f"{path}.ended").touch()
