"""How a workspace wants its assistant, and what it may spend. For its administrators."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from chatapp import jobs
from chatapp.actions import access
from chatapp.errors import Busy, InvalidPayload, NotFound
from chatapp.llm import prices
from chatapp.store import allowances, assistants, attendants, budgets, rooms, users, vectors
from chatapp.types import Assistant, Budget, Caller, Embedded, Embedder, Price, Scope

_NEEDED = "Say which model of this provider is to answer."
# What may be spent in a month: by whom ("" for each who has no budget of their own), and how much;
# None: no limit, or, for one person or room, the common one.
Allowed = tuple[Scope, str, int | None]

_NOWHERE = "The workers have no model for this, so nobody can say where texts would be sent."
_BOTH = "Give both prices, or none."


@dataclass(frozen=True, slots=True)
class Settings:
    assistant: Assistant
    reachable: list[str] | None  # providers; None: no worker has said so
    is_priced: bool
    budgets: dict[str, int | None]  # by scope: of the workspace, and of each person and room
    people: list[tuple[str, str, int]]  # id, name, their own budget
    rooms: list[tuple[str, str | None, int]]  # likewise, those the caller may see
    rooms_unseen: int  # how many more have one of their own
    embedder: Embedder | None  # where texts are sent to be found by meaning; None: nowhere
    is_embedding_priced: bool
    embedded: Embedded | None  # how far that is, where it is wanted
    left: int | None  # of the workspace's budget this month; None: no limit, or nobody can say now


def show(caller: Caller) -> Settings:
    """Raises NotAllowed."""
    access.administration(caller)
    wanted, allowed = assistants.find(caller.tenant_id), allowances.all(caller.tenant_id)
    common = {budget.scope: budget.monthly for budget in allowed if not budget.scope_id}
    of_people = {each.scope_id: each.monthly for each in _own(allowed, "person")}
    of_rooms = {each.scope_id: each.monthly for each in _own(allowed, "room")}
    people = users.named(caller.tenant_id, list(of_people))
    seen = rooms.seen_by(caller.tenant_id, caller.user_id, list(of_rooms))
    return Settings(
        wanted,
        _reachable(),
        prices.is_known(wanted.provider, wanted.model, given=wanted.price),
        {
            "workspace": common.get("workspace"),
            "person": common.get("person"),
            "room": common.get("room"),
        },
        sorted(((each.id, each.name, of_people[each.id]) for each in people), key=_by_name),
        sorted(((each.id, each.name, of_rooms[each.id]) for each in seen), key=_by_name),
        len(of_rooms) - len(seen),
        embedder := _embedder(),
        embedder is not None and _is_priced(embedder, wanted),
        vectors.progress(caller.tenant_id, embedder.model)
        if embedder and wanted.find_by_meaning
        else None,
        _left(caller),
    )


def change(
    caller: Caller,
    *,
    price: tuple[int | None, int | None] | None = None,
    allowed: Iterable[Allowed] = (),
    **wanted: Any,
) -> None:
    """`wanted`: fields of Assistant. `price`: of input and output; with None twice it is as the list
    says. Everything is checked before anything is changed.

    Raises NotAllowed, InvalidPayload, NotFound, RoomNotFound; Busy when nobody can say where texts
    would be sent.
    """
    access.administration(caller)
    before = assistants.find(caller.tenant_id)
    changed = _checked(replace(before, **wanted), before.price if price is None else _price(*price))
    for scope, scope_id, _ in allowed:
        _check_whose(caller, scope, scope_id)
    begins = changed.find_by_meaning and not before.find_by_meaning
    if begins and attendants.embedder() is None:  # nobody agrees to they know not what
        raise InvalidPayload(_NOWHERE, details={"find_by_meaning": [_NOWHERE]})
    if changed != before:
        assistants.put(caller.tenant_id, changed)
    if begins:
        jobs.embed_documents()
    for scope, scope_id, monthly in allowed:
        allowances.put(caller.tenant_id, scope, scope_id, monthly)


def room_named(caller: Caller, *, name: str) -> str:
    """The id of a room that the caller may see. Raises NotAllowed, NotFound."""
    access.administration(caller)
    record = rooms.by_name(caller.tenant_id, name)
    if record is None or not rooms.seen_by(caller.tenant_id, caller.user_id, [record.id]):
        raise NotFound(f"There is no room called {name}.")
    return record.id


def _checked(wanted: Assistant, price: Price | None) -> Assistant:
    if wanted.provider in prices.FREE:
        return replace(wanted, model="", price=None)
    model = wanted.model.strip()
    if not model:
        raise InvalidPayload(_NEEDED, details={"model": [_NEEDED]})
    return replace(wanted, model=model, price=price)


def _check_whose(caller: Caller, scope: Scope, scope_id: str) -> None:
    if scope == "person" and scope_id:
        access.person(caller, scope_id)
    if scope == "room" and scope_id:
        access.visible_room(caller, scope_id)


def _price(of_input: int | None, of_output: int | None) -> Price | None:
    if of_input is None and of_output is None:
        return None
    if of_input is None or of_output is None:
        missing = "input_price" if of_input is None else "output_price"
        raise InvalidPayload(_BOTH, details={missing: [_BOTH]})
    return Price(of_input, of_output)


def _own(allowed: list[Budget], scope: Scope) -> list[Budget]:
    return [budget for budget in allowed if budget.scope == scope and budget.scope_id]


def _reachable() -> list[str] | None:
    try:
        return attendants.reachable()
    except Busy:
        return None


def _is_priced(embedder: Embedder, wanted: Assistant) -> bool:
    return prices.of_embedding(embedder.model, 1, given=wanted.embedding_price) is not None


def _embedder() -> Embedder | None:
    try:
        return attendants.embedder()
    except Busy:
        return None


def _left(caller: Caller) -> int | None:
    try:
        left = budgets.left(caller.tenant_id, person_id=caller.user_id, room_id="")
    except Busy:
        return None
    return max(0, left["workspace"]) if "workspace" in left else None


def _by_name(one: tuple[str, str | None, int]) -> tuple[str, str]:
    return (one[1] or "").casefold(), one[0]
