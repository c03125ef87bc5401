"""Budgets: nothing stays reserved for an answer that nobody writes any more."""

from __future__ import annotations

from chatapp.store import budgets


def sweep() -> None:
    """Free what is held for answers that have ended. Raises Busy."""
    if budgets.sweep_is_due():
        for tenant_id in budgets.tenants():
            budgets.sweep(tenant_id)
