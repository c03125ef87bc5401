"""Bringing what was said into the record."""

from __future__ import annotations

from celery import shared_task

from chatapp.actions import history


@shared_task(name="persist.drain", time_limit=120)
def drain() -> None:
    """Write down everything said so far. Safe to run twice, safe to run late."""
    while history.persist_batch(at_most=500):
        pass
