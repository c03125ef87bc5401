"""The assistant at work. An answer is waiting, not work: many at once, in threads."""

from __future__ import annotations

import os
import signal
import time
from threading import Event, Thread

from celery import shared_task
from celery.worker import state
from flask import Flask

from chatapp import logs
from chatapp.actions import answering, assistant
from chatapp.errors import Busy

log = logs.get(__name__)

_AT_LAST = 2.0  # seconds after that until a worker goes that something holds


@shared_task(
    name="assistant.reply",
    acks_late=False,  # what is to be done is in the record: the call itself may be lost
    time_limit=0,  # as long as somebody writes; each run has its own patience
    soft_time_limit=0,
)
def reply(tenant_id: str, room_id: str) -> None:
    """Answer what waits in a room. Safe to run twice: one of them does."""
    answering.answer(tenant_id=tenant_id, room_id=room_id)


@shared_task(name="assistant.sweep")
def sweep() -> None:
    """See to the questions nobody answers."""
    assistant.sweep()


def attend(app: Flask, every: float) -> None:
    """Say that this worker is here, and whom it can ask, until it is told to stop: a question that is
    asked then, it may not begin.
    """
    while not answering.is_leaving():
        with app.app_context():
            try:
                assistant.attend()
            except Busy:
                log.warning("not told that the assistant is here")
        time.sleep(every)


def leave_in_order(grace: float) -> None:
    """When this worker is told to stop, it takes nothing new, and its answers may go on for so long.
    Of its threads: Celery's own ways wait for them for ever, or cannot end them.
    """
    told = Event()

    def go(*_: object) -> None:
        answering.leave(within=grace)
        state.should_stop = 0
        told.set()

    def go_at_last() -> None:
        told.wait()
        time.sleep(grace + _AT_LAST)
        os._exit(1)  # what it had in hand is taken over

    Thread(target=go_at_last, name="leave", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, go)
