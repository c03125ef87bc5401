"""What somebody is told whom a budget allows no answer."""

from __future__ import annotations

from datetime import datetime

from chatapp.errors import BudgetExceeded
from chatapp.money import dollars, end_of, month_of
from chatapp.types import Scope

_WHOSE = {"workspace": "The workspace's", "person": "Your", "room": "This room's"}


def exceeded(scope: Scope, remaining: int, now: datetime) -> BudgetExceeded:
    what = "is used up"
    if remaining > 0:
        what = f"has ${dollars(remaining)} left, and this answer may need more"
    return _refusal(f"{_WHOSE[scope]} budget for the assistant {what}.", scope, remaining, now)


def unknown_price(scope: Scope, remaining: int, now: datetime) -> BudgetExceeded:
    words = "Nobody knows what this model costs, so no budget allows it. An administrator can say."
    return _refusal(words, scope, remaining, now)


def _refusal(words: str, scope: Scope, remaining: int, now: datetime) -> BudgetExceeded:
    renews = end_of(month_of(now))
    details: dict[str, object] = {
        "scope": scope,
        "left": dollars(max(0, remaining)),
        "renews_at": renews.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    return BudgetExceeded(f"{words} It renews on {renews.day} {renews:%B}.", details=details)
