"""What every web worker does unasked: follow the logs, say where rooms stand, notice that it lags."""

from __future__ import annotations

import time
from time import monotonic

from flask import Flask

from chatapp import logs
from chatapp.actions import delivery, history
from chatapp.errors import Busy

log = logs.get(__name__)

_PAUSE = 0.5  # seconds until Redis is asked again after it did not answer


def follow(app: Flask) -> None:
    """Tell this worker's people what the logs say, until the process ends."""
    with app.app_context():
        tail = _begin(app)
        app.extensions["tailer"] = tail
        while True:
            try:
                tail.deliver()
            except Busy:
                time.sleep(_PAUSE)
            except Exception:
                log.exception("delivery failed")
                time.sleep(_PAUSE)


def watch(app: Flask) -> None:
    """Every second: are the logs read in time, do the heads say something new, does the record keep up?"""
    config, stale, heads_at = app.config, False, monotonic()
    with app.app_context():
        while True:
            time.sleep(1.0)
            tail: delivery.Tail | None = app.extensions.get("tailer")
            if tail is None:
                continue
            try:
                if stale != (tail.lag() > config["STALE_AFTER"]):
                    stale = not stale
                    delivery.tell_stale(stale)
                if monotonic() - heads_at >= config["HEAD_EVERY"]:
                    heads_at = monotonic()
                    tail.tell_heads()
                    history.help_out(config["RECORD_LAG"])
            except Busy:
                continue
            except Exception:
                log.exception("watch failed")


def _begin(app: Flask) -> delivery.Tail:
    while True:
        try:
            return delivery.Tail()
        except Busy:
            time.sleep(_PAUSE)
