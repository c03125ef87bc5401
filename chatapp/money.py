"""Money is whole millionths of a US dollar inside, and decimal text outside: never a float.

A month is a calendar month in UTC, named "2026-11".
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal

MILLION = 1_000_000
MOST = 10**9 * MILLION  # a budget of a billion dollars is no budget


def micro(dollars: Decimal | str) -> int:
    """Millionths, rounded up: what costs something never costs nothing."""
    return int((Decimal(dollars) * MILLION).to_integral_value(ROUND_CEILING))


def dollars(micro: int) -> str:
    """ "12.50", "0.000075": two places at least, and as many as it takes."""
    whole, rest = divmod(abs(micro), MILLION)
    places = f"{rest:06}".rstrip("0").ljust(2, "0")
    return f"{'-' if micro < 0 else ''}{whole}.{places}"


def month_of(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m}"


def begin_of(month: str) -> datetime:
    """Raises ValueError for what is no month."""
    return datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)


def end_of(month: str) -> datetime:
    """When the next one begins, and budgets renew."""
    begin = begin_of(month)
    return begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
