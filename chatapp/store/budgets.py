"""Spending within budgets: the worst case is reserved before a provider is asked, and settled after.

Redis decides, for workspace, person and room at once; see lua/budget.lua. What it decides upon can be
rebuilt from the record, because nothing is reserved that was not promised there first; see ledger.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args

from flask import current_app
from uuid_utils import uuid7

from chatapp.errors import BudgetExceeded, Busy
from chatapp.money import month_of
from chatapp.store import allowances, keys, ledger, over_budget
from chatapp.store.allowances import Limits
from chatapp.store.connection import asking, redis, run_lua
from chatapp.types import Outlay, Scope

_SCOPES: tuple[Scope, ...] = get_args(Scope)
_NOBODY = "-"  # where a hold has to name somebody
_UNDER_WAY = 90.0  # seconds that a request for embeddings takes at most
_TRIES = 20  # each fails only because Redis forgot everything once more


@dataclass(slots=True)
class Spending:
    """What a request uses: the most it can, until somebody knows."""

    tokens: int


def reserve(
    tenant_id: str, *, run_id: str, person_id: str, room_id: str, amount: int | None
) -> None:
    """Set the most that a run can cost aside, out of what is left of this month's budgets.

    `amount`: millionths of a dollar; tokens are never more than the bytes of their text. None: the
    price is unknown, which no budget allows. A run that reserves again holds the new amount only.
    Raises BudgetExceeded, Conflict for a run that has ended, Busy: then it may hold something, until
    it tries again or ends.
    """
    now = datetime.now(UTC)
    limits = allowances.of(tenant_id, person_id=person_id, room_id=room_id)
    if not amount:
        _admit(tenant_id, limits, person_id=person_id, room_id=room_id, least=amount, now=now)
        return
    ledger.promise(tenant_id, run_id, amount, now)
    try:
        _hold(tenant_id, run_id, amount, limits, person_id=person_id, room_id=room_id, now=now)
    except BudgetExceeded:
        ledger.withdraw(tenant_id, run_id)
        raise


@contextmanager
def laying_out(
    outlay: Outlay, *, most: int, cost: Callable[[int], int | None]
) -> Iterator[Spending]:
    """While a provider is asked, whose price is `cost` of so many tokens, and `most` tokens the most
    it can be. Whoever asked puts down what was used.

    It is in the record as used before it is asked, and corrected after: who dies between has used
    the most. Raises BudgetExceeded, Busy: both before anything is asked.
    """
    limits = allowances.of(outlay.tenant_id, person_id=outlay.person_id, room_id=outlay.room_id)
    if outlay.what == "documents":  # they are the workspace's
        limits = Limits(limits.workspace, None, None)
    whose = {"person_id": outlay.person_id or _NOBODY, "room_id": outlay.room_id or _NOBODY}
    amount, spending = cost(most), Spending(most)
    _admit(outlay.tenant_id, limits, least=amount, now=outlay.at, **whose)
    if amount:
        # Figures that had to be rebuilt now would count it twice.
        _built(outlay.tenant_id, outlay.at, "read", *whose.values())
        ledger.note(outlay, most, amount)
        try:
            _hold(outlay.tenant_id, outlay.id, amount, limits, now=outlay.at, **whose)
        except (BudgetExceeded, Busy):  # if it is held, the sweep finds that nothing was used
            ledger.note(outlay, 0, 0)
            raise
    try:
        yield spending
    finally:
        # What was bought is not lost for that: the sweep settles what is noted.
        with suppress(Busy):
            ledger.note(outlay, spending.tokens, cost(spending.tokens))
            settle(outlay.tenant_id, outlay.id, cost(spending.tokens))


def settle(tenant_id: str, run_id: str, spent: int | None) -> None:
    """The run is over and has cost this much (None: nobody knows); what it held is free. Twice is
    once, and a run that holds nothing changes nothing. The record learns it from the answer's event.

    Raises Busy: then the sweep does it.
    """
    _budget(tenant_id, datetime.now(UTC), "settle", run_id, spent or 0, "")


def admit(tenant_id: str, *, person_id: str, room_id: str, least: int | None) -> None:
    """Before a question is taken: raises BudgetExceeded when not even `least` is left of a budget,
    or one applies and the price is unknown (None). Reserves nothing.
    """
    limits = allowances.of(tenant_id, person_id=person_id, room_id=room_id)
    now = datetime.now(UTC)
    _admit(tenant_id, limits, person_id=person_id, room_id=room_id, least=least, now=now)


def left(tenant_id: str, *, person_id: str, room_id: str) -> dict[Scope, int]:
    """Of each budget that applies, in millionths of a dollar, without what is reserved."""
    limits = allowances.of(tenant_id, person_id=person_id, room_id=room_id)
    return _left(tenant_id, limits, person_id=person_id, room_id=room_id, now=datetime.now(UTC))


def tenants() -> list[str]:
    """Those that have something reserved, or had until the last sweep."""
    with asking():
        found: set[Any] = redis.smembers(keys.BUDGET_TENANTS)
    return sorted(found)


def sweep_is_due() -> bool:
    """Whether the caller is the one to sweep now; the others who ask are told no for a while."""
    wait = round(current_app.config["BUDGET_SWEEP_EVERY"] * 900)
    with asking():
        return bool(redis.set(keys.BUDGETS_SWEPT, "1", nx=True, px=wait))


def sweep(tenant_id: str) -> int:
    """Free what is held for runs that have ended or never were. Returns how many. Raises Busy."""
    held = holds(tenant_id)
    if not held:
        _forget(tenant_id)
        return 0
    over, now = ledger.settled(tenant_id, list(held), _young(held)), datetime.now(UTC)
    # As it was seen: a run may have begun again, and reserved again, since we asked about it.
    return sum(
        _budget(tenant_id, now, "settle", run_id, spent, held[run_id])
        for run_id, spent in over.items()
    )


def holds(tenant_id: str) -> dict[str, str]:
    """Run id -> what it holds, as lua/budget.lua writes it."""
    parts = _budget(tenant_id, datetime.now(UTC), "holds")
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _young(held: dict[str, str]) -> set[str]:
    """Of these, what may be held for a request that is under way. By the clock that was read when
    they came to be held: those of two machines may be minutes apart.
    """
    with asking():
        now: Any = redis.time()[0]
    return {id_ for id_, hold in held.items() if int(hold.split()[2]) > (now - _UNDER_WAY) * 1000}


def _hold(
    tenant_id: str,
    run_id: str,
    amount: int,
    limits: Limits,
    *,
    person_id: str,
    room_id: str,
    now: datetime,
) -> None:
    """Raises BudgetExceeded."""
    with asking():
        redis.sadd(keys.BUDGET_TENANTS, tenant_id)
    hold = [month_of(now), amount, person_id, room_id]
    answer = _built(tenant_id, now, "reserve", run_id, *hold, *map(_argument, limits))
    if answer[0] == "over":
        raise over_budget.exceeded(_SCOPES[int(answer[1]) - 1], int(answer[2]), now)


def _admit(
    tenant_id: str,
    limits: Limits,
    *,
    person_id: str,
    room_id: str,
    least: int | None,
    now: datetime,
) -> None:
    if least == 0 or not any(limit is not None for limit in limits):
        return
    remaining = _left(tenant_id, limits, person_id=person_id, room_id=room_id, now=now)
    for scope, amount in remaining.items():
        if least is None:
            raise over_budget.unknown_price(scope, amount, now)
        if least > amount:
            raise over_budget.exceeded(scope, amount, now)


def _left(
    tenant_id: str, limits: Limits, *, person_id: str, room_id: str, now: datetime
) -> dict[Scope, int]:
    _, *gone = _built(tenant_id, now, "read", person_id, room_id)
    return {
        scope: limit - int(used)
        for scope, limit, used in zip(_SCOPES, limits, gone, strict=True)
        if limit is not None
    }


def _built(tenant_id: str, now: datetime, *args: object) -> list[Any]:
    """As _budget, upon figures that are right."""
    for _ in range(_TRIES):
        answer: list[Any] = _budget(tenant_id, now, *args)
        if answer[0] != "unbuilt":
            return answer
        _rebuild(tenant_id, now)
    raise Busy


def _rebuild(tenant_id: str, now: datetime) -> None:
    """From the record. Whoever rebuilds reads it after the name was given and before any figures
    are there, so nothing can have been reserved that it does not know of: the first who is ready
    may be believed.
    """
    name = _budget(tenant_id, now, "begin", str(uuid7()))
    if not name:
        return
    spent, promises = ledger.books(tenant_id, month_of(now))
    figures: dict[str, int] = {}
    for person_id, room_id, cost in spent:
        for scope in ("workspace", f"person:{person_id}", f"room:{room_id}"):
            figures[scope] = figures.get(scope, 0) + cost
    held = {
        each.run_id: f"{each.month} {each.amount} 0 {each.person_id} {each.room_id}"
        for each in promises
    }
    if held:
        with asking():
            redis.sadd(keys.BUDGET_TENANTS, tenant_id)
    flat = [part for pair in (*figures.items(), *held.items()) for part in pair]
    _budget(tenant_id, now, "build", name, len(figures), *flat)


def _forget(tenant_id: str) -> None:
    with asking():
        redis.srem(keys.BUDGET_TENANTS, tenant_id)
    if holds(tenant_id):  # somebody came in between
        with asking():
            redis.sadd(keys.BUDGET_TENANTS, tenant_id)


def _budget(tenant_id: str, now: datetime, *args: object) -> Any:
    return run_lua("budget", keys.budget(tenant_id), [month_of(now), *args])


def _argument(limit: int | None) -> int | str:
    return "" if limit is None else limit
