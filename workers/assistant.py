"""The assistant at work. An answer is waiting, not work: many at once, in threads."""

from __future__ import annotations

import time

from celery import shared_task
from flask import Flask

from chatapp import logs
from chatapp.actions import answering, assistant
from chatapp.errors import Busy

log = logs.get(__name__)


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
    """Say for as long as this worker lives that it is here, and whom it can ask."""
    while True:
        with app.app_context():
            try:
                assistant.attend()
            except Busy:
                log.warning("not told that the assistant is here")
        time.sleep(every)
