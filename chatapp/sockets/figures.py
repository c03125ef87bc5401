"""What the engine has done, counted for Prometheus once a second."""

from __future__ import annotations

from flask import Flask

from chatapp import engine, metrics
from chatapp.sockets.background import for_ever

_COUNTED = {
    "ticks": metrics.engine_ticks,
    "busy": metrics.engine_tick_seconds,
    "sends": metrics.engine_sends,
    "deliveries": metrics.engine_deliveries,
    "dropped": metrics.engine_dropped,
    "malformed": metrics.engine_malformed,
}


def follow(app: Flask) -> None:
    """On the plain engine, which keeps no count of its own, what the house tallied and no more."""
    if not app.config["FAST_ENGINE"]:
        for_ever(app, metrics.pour, every=1.0)
    before = dict.fromkeys(_COUNTED, 0.0)

    def count() -> None:
        metrics.pour()
        figures = engine.figures()
        for name, counter in _COUNTED.items():
            now = getattr(figures, name)
            counter.inc(now - before[name])
            before[name] = now
        metrics.engine_backlog.set(figures.backlog)
        metrics.engine_longest_tick.set(figures.longest)

    for_ever(app, count, every=1.0)
