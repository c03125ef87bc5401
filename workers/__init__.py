"""The back door: the same application, opened by the queue and by the clock.

`celery -A workers worker` and `celery -A workers beat`. Nothing is read, built or connected before
Celery asks for its settings.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from threading import Thread
from typing import Any

from celery import Celery, Task
from celery.concurrency.thread import TaskPool as Threads
from celery.signals import setup_logging, worker_ready
from flask import Flask
from kombu import Queue  # type: ignore[attr-defined]

from chatapp import create_app, logs
from chatapp.errors import Busy
from config import Config, ConfigError, ProviderKeys

log = logs.get(__name__)

DEFAULT, ASSISTANT = "celery", "assistant"
_SAY_EVERY = 2.0  # seconds; for so long a Redis that forgot everything knows of no worker
_EMBED_EVERY = 30.0  # seconds


class AppTask(Task):
    """A task of ours: inside the application, and put off when Redis or the database is away."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with application().app_context():
            logs.begin(self.request.id, task=self.name)
            try:
                return self.run(*args, **kwargs)
            except Busy as error:  # the clock comes again
                log.warning("task put off", error=error.message)


@cache
def application() -> Flask:
    try:
        return create_app(Config.from_env(os.environ), ProviderKeys.from_env(os.environ))
    except ConfigError as error:
        sys.exit(str(error))


def settings() -> dict[str, Any]:
    app = application()
    return {
        "broker_url": app.config["REDIS_URL"],
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # Redis comes back; who gave up does not
        "broker_transport_options": {
            "visibility_timeout": 180,  # longer than any task: a shorter one runs it again and again
            "unacked_restore_interval": 2,  # what a killed worker held is looked for
            "unacked_restore_throttle": 1,  # every time, not every tenth
            "socket_timeout": 10.0,
            "socket_connect_timeout": 2.0,
            "socket_keepalive": True,
            "health_check_interval": 5,
        },
        "imports": [
            "workers.assistant",
            "workers.budgets",
            "workers.documents",
            "workers.persist",
            "workers.presence",
            "workers.upkeep",
        ],
        # A worker without -Q takes from both.
        "task_queues": [Queue(name) for name in (DEFAULT, ASSISTANT)],  # type: ignore[no-untyped-call]
        "task_default_queue": DEFAULT,
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_time_limit": 120,
        "task_soft_time_limit": 100,
        "task_publish_retry": False,  # by the clock: the next one comes anyway
        "worker_prefetch_multiplier": 1,
        "worker_concurrency": 2,
        "worker_soft_shutdown_timeout": 3.0,  # then a task goes back to the queue
        "worker_cancel_long_running_tasks_on_connection_loss": True,  # they cannot be acknowledged
        "beat_scheduler": "celery.beat:Scheduler",  # in memory: nothing here must outlive a restart
        "beat_schedule": clock(app),
    }


def clock(app: Flask) -> dict[str, Any]:
    """What is done by itself, and how often. A call that waited until the next one is due is
    dropped, so that nothing piles up behind a worker that was away.
    """
    return {
        "persist": _every(1.0, "persist.drain"),
        "presence": _every(app.config["SWEEP_EVERY"], "presence.sweep"),
        "assistant": _every(app.config["ASSISTANT_SWEEP_EVERY"], "assistant.sweep"),
        "budgets": _every(app.config["BUDGET_SWEEP_EVERY"], "budgets.sweep"),
        "documents": _every(app.config["DOCUMENTS_EVERY"], "documents.read", ASSISTANT),
        "embeddings": _every(_EMBED_EVERY, "documents.embed", ASSISTANT),
        "trim": _every(30.0, "upkeep.trim"),
        "expire": _every(3600.0, "upkeep.expire"),
    }


def _every(seconds: float, task: str, queue: str = DEFAULT) -> dict[str, Any]:
    return {"task": task, "schedule": seconds, "options": {"expires": seconds, "queue": queue}}


@setup_logging.connect
def _keep_our_logs(**_: object) -> None:
    """Celery would format the lines its own way; being connected is what stops it."""
    application()


@worker_ready.connect
def _attend(sender: Any, **_: object) -> None:
    """Tell those who ask which providers can be reached here, if this worker takes questions; and
    let it finish its answers before it goes.
    """
    from workers.assistant import attend, leave_in_order  # noqa: PLC0415 - needs the application

    if ASSISTANT in sender.app.amqp.queues.consume_from:
        Thread(target=attend, args=(application(), _SAY_EVERY), name="attend", daemon=True).start()
        if isinstance(sender.pool, Threads):
            leave_in_order(application().config["ASSISTANT_GRACE"])


celery = Celery("workers", task_cls=AppTask)
celery.add_defaults(settings)
