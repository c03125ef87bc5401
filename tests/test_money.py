from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp import money


@pytest.mark.parametrize(
    ("micro", "dollars"),
    [(0, "0.00"), (75, "0.000075"), (12_500_000, "12.50"), (-1_000_001, "-1.000001")],
)
def test_money_is_written_with_two_places_and_as_many_as_it_takes(micro, dollars):
    assert money.dollars(micro) == dollars


@given(st.integers(min_value=-money.MOST, max_value=money.MOST))
def test_what_is_written_is_read_back(amount):
    assert money.micro(money.dollars(amount)) == amount


def test_what_costs_something_never_costs_nothing():
    assert money.micro(Decimal("0.00000001")) == 1


def test_a_month_is_a_calendar_month_in_utc():
    new_year_in_tokyo = datetime(2027, 1, 1, 8, tzinfo=timezone(timedelta(hours=9)))

    assert money.month_of(new_year_in_tokyo) == "2026-12"
    assert money.begin_of("2026-12") == datetime(2026, 12, 1, tzinfo=UTC)
    assert money.end_of("2026-12") == datetime(2027, 1, 1, tzinfo=UTC)
    assert money.end_of("2026-11") == datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize("month", ["", "2026", "2026-13", "2026-11-01", "next"])
def test_nothing_else_is_a_month(month):
    with pytest.raises(ValueError):
        money.begin_of(month)
