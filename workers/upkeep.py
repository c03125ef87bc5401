"""Throwing away what is not needed any more."""

from __future__ import annotations

from celery import shared_task

from chatapp.actions import upkeep


@shared_task(name="upkeep.trim")
def trim() -> None:
    """Shorten the logs, never beyond what the record holds."""
    upkeep.trim()


@shared_task(name="upkeep.expire")
def expire() -> None:
    """Forget sessions and invitations that have ended."""
    upkeep.expire()
