"""Work for later, by name, so that nothing here imports the workers: the only send_task()."""

from __future__ import annotations

from celery import Celery
from flask import Flask, current_app
from kombu.exceptions import OperationalError

from chatapp import logs

log = logs.get(__name__)


def init_app(app: Flask) -> None:
    """A producer that gives up at once: whoever wakes a worker must not wait for the queue."""
    queue = Celery("chatapp", broker=app.config["REDIS_URL"], set_as_current=False)
    queue.conf.update(
        task_ignore_result=True,
        broker_transport_options={
            "socket_timeout": 1.0,
            "socket_connect_timeout": 1.0,
            "max_retries": 0,
        },
        broker_connection_retry=False,
    )
    app.extensions["queue"] = queue


def persist() -> None:
    """Wake the writers of the record. The clock does it too, so a lost call costs seconds."""
    _send("persist.drain")


def workers() -> list[str]:
    """The names of the workers that answer within a second; none when the queue cannot be reached."""
    try:
        answers = current_app.extensions["queue"].control.ping(timeout=1.0)
    except (OperationalError, OSError):
        return []
    return [name for answer in answers for name in answer]


def _send(name: str, *args: str) -> None:
    try:
        current_app.extensions["queue"].send_task(name, args=args, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("queue unavailable", task=name, error=str(error))
