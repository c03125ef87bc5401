"""Noticing who left without a word. Web workers do it too; whoever comes first."""

from __future__ import annotations

from celery import shared_task

from chatapp.actions import presence


@shared_task(name="presence.sweep")
def sweep() -> None:
    """Call those gone whose leases nobody renewed."""
    presence.sweep()
