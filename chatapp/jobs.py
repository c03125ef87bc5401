"""Work for later, by name, so that nothing here imports the workers: the only send_task()."""

from __future__ import annotations

from time import monotonic

from celery import Celery
from flask import Flask, current_app
from kombu.exceptions import OperationalError

from chatapp import logs
from chatapp.types import Room

log = logs.get(__name__)

ASSISTANT = "assistant"  # the queue of what waits for a model, which is long and costs no work

_WAKE_EVERY = 1.0  # seconds
_STALE = 10.0  # seconds after which a call has been overtaken by the next


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
    app.extensions["woken"] = {"persist": 0.0}


def persist() -> bool:
    """Wake the writers of the record. False when that was done less than a second ago: what came
    since is worth another call. The clock does it too.
    """
    woken = current_app.extensions["woken"]
    if monotonic() - woken["persist"] < _WAKE_EVERY:
        return False
    woken["persist"] = monotonic()
    _send("persist.drain")
    return True


def reply(room: Room) -> None:
    """Have the questions of this room answered. The sweep asks again for what nobody came for."""
    _send("assistant.reply", [room.tenant_id, room.id], queue=ASSISTANT)


def read_documents() -> None:
    """Have a worker look for documents that wait. The clock does it too."""
    _send("documents.read", queue=ASSISTANT)


def embed_documents() -> None:
    """Have a worker give vectors to passages that have none. The clock does it too."""
    _send("documents.embed", queue=ASSISTANT)


def workers() -> list[str]:
    """The names of the workers that answer within a second; none when the queue cannot be reached."""
    try:
        answers = current_app.extensions["queue"].control.ping(timeout=1.0)
    except (OperationalError, OSError):
        return []
    return [name for answer in answers for name in answer]


def _send(name: str, args: list[str] | None = None, *, queue: str | None = None) -> None:
    try:
        producer = current_app.extensions["queue"]
        producer.send_task(name, args, retry=False, expires=_STALE, queue=queue)
    except (OperationalError, OSError) as error:
        log.warning("queue unavailable", task=name, error=str(error))
