"""What is counted, for Prometheus. Under gunicorn all workers count together, see gunicorn.conf.py."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter as Count
from collections import deque
from typing import Any

from flask import Flask, Response, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

connections = Gauge("chat_connections", "Open client connections.", multiprocess_mode="livesum")
events = Counter("chat_events", "Socket events answered.", ["event", "outcome"])
event_seconds = Histogram(
    "chat_event_seconds",
    "Time to answer a socket event.",
    ["event"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)
messages_sent = Counter("chat_messages_sent", "Messages kept and acknowledged.")
deliveries = Counter("chat_deliveries", "Durable events told to the members a worker holds.")
dead_letters = Gauge(  # as the table has it: they are buried in Celery's workers, who serve no page
    "chat_dead_letters",
    "Events the record refused for good.",
    multiprocess_mode="livemostrecent",
)
redis_busy = Counter("chat_redis_busy", "Requests that Redis did not answer in time.")
http_requests = Counter("chat_http_requests", "HTTP requests answered.", ["route", "status"])
tailer_lag = Gauge(
    "chat_tailer_lag_seconds",
    "Since the slowest worker last read the logs.",
    multiprocess_mode="livemax",
)
record_lag = Gauge(
    "chat_record_lag_seconds",
    "How long the oldest event not yet in the database has waited.",
    multiprocess_mode="livemostrecent",
)
# Of the assistant: counted in Redis by those who answer, and shown by whoever serves the page.
runs = Gauge("chat_runs", "Answers that ended.", ["outcome"], multiprocess_mode="livemostrecent")
run_seconds = Gauge(
    "chat_run_seconds",
    "Seconds that these answers took, together.",
    ["outcome"],
    multiprocess_mode="livemostrecent",
)
first_pieces = Gauge(
    "chat_run_first_pieces",
    "Answers of which anything was written.",
    multiprocess_mode="livemostrecent",
)
first_piece_seconds = Gauge(
    "chat_run_first_piece_seconds",
    "Seconds until their first pieces, together.",
    multiprocess_mode="livemostrecent",
)
# Of the fast engine; see docs/engine.md.
engine_sends = Counter("chat_engine_sends", "Writes to clients: one per connection and tick.")
engine_deliveries = Counter("chat_engine_deliveries", "Packets told to somebody in a room.")
engine_dropped = Counter("chat_engine_slow_clients_dropped", "Clients let go: they did not read.")
engine_malformed = Counter(
    "chat_engine_malformed", "Connections closed for a packet that no client may send."
)
engine_ticks = Counter("chat_engine_ticks", "Turns of the loop.")
engine_tick_seconds = Counter("chat_engine_tick_seconds", "Time spent in them.")
engine_longest_tick = Gauge(
    "chat_engine_longest_tick_seconds",
    "The longest tick of the last second.",
    multiprocess_mode="livemax",
)
engine_backlog = Gauge(
    "chat_engine_backlog_bytes",
    "Kept for clients that do not read fast enough.",
    multiprocess_mode="livesum",
)


def init_app(app: Flask) -> None:
    app.after_request(_count)


def event_answered(name: str, outcome: str, seconds: float) -> None:
    _tallied.append(((name, outcome), seconds))


def tally(meter: Any, amount: float = 1) -> None:
    """Count this within a second: for what every message does.

    Under gunicorn the library takes a lock that eventlet has made green, asks who it is and writes
    into a mapped file: 2 µs, five times for each message. This takes 0.1, and 0.3 to pour.
    """
    _tallied.append((meter, amount))


def pour() -> None:
    """Hand over what was tallied. Every web worker does so once a second."""
    amounts: dict[Any, list[float]] = {}
    for _ in range(len(_tallied)):
        meter, amount = _tallied.popleft()
        amounts.setdefault(meter, []).append(amount)
    for meter, some in amounts.items():
        if isinstance(meter, tuple):
            _observe(event_seconds.labels(meter[0]), some)
            events.labels(*meter).inc(len(some))
        else:
            meter.inc(sum(some))


# A meter, or name and outcome of an event. Appending is atomic, for threads, too.
_tallied: deque[tuple[Any, float]] = deque()


def _observe(histogram: Any, some: list[float]) -> None:
    """As many times observe(): its sum and each of its buckets are written to once."""
    histogram._sum.inc(sum(some))
    for n, times in Count(bisect_left(histogram._upper_bounds, each) for each in some).items():
        histogram._buckets[n].inc(times)


def render() -> tuple[bytes, str]:
    """The page Prometheus reads, and its content type."""
    pour()
    registry = CollectorRegistry()
    try:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    except ValueError:  # a single process, that keeps its own count
        registry = REGISTRY
    return generate_latest(registry), CONTENT_TYPE_LATEST


def _count(response: Response) -> Response:
    # The rule, not the path: paths are endless, and name people's rooms.
    http_requests.labels(str(request.url_rule or "none"), response.status_code).inc()
    return response
