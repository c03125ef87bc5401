"""How a web worker does something for ever beside its events, whatever fails."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Flask

from chatapp import logs
from chatapp.errors import Busy

log = logs.get(__name__)

_PAUSE = 0.5  # seconds until Redis or the database is asked again after it did not answer


def for_ever(app: Flask, step: Callable[[], object], *, every: float = 0.0) -> None:
    """Do this, rest, do it again, until the process ends. A step without rest waits in itself."""
    while True:
        rest = every
        try:
            with app.app_context():
                step()
        except Busy:
            rest = max(every, _PAUSE)
        except Exception:
            log.exception("background step failed", step=step.__qualname__)
            rest = max(every, _PAUSE)
        time.sleep(rest)
