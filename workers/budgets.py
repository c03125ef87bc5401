"""Freeing what nobody spends. Web workers do it too; whoever comes first."""

from __future__ import annotations

from celery import shared_task

from chatapp.actions import budgets


@shared_task(name="budgets.sweep")
def sweep() -> None:
    """Free what is held for answers that have ended."""
    budgets.sweep()
