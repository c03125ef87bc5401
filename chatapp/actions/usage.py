"""What the assistant used, for the administrators of the workspace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chatapp.actions import access
from chatapp.money import begin_of, end_of, month_of
from chatapp.store import rooms, usage, users
from chatapp.types import Caller, Used

Named = tuple[str | None, str | None, Used]  # id, name, what it used


@dataclass(frozen=True, slots=True)
class Report:
    """A month. What is dearest comes first, but for the days."""

    month: str
    total: Used
    days: list[tuple[str, Used]]  # every day so far, also those without an answer
    models: list[tuple[str, str, Used]]  # provider, model
    people: list[Named]  # without an id: what documents cost; likewise
    rooms: list[Named]  # without a name, too: all those together that the caller may not know of


def report(caller: Caller, *, month: str | None = None) -> Report:
    """Of this month, unless another is asked for. Raises NotAllowed."""
    access.administration(caller)
    month = month or month_of(datetime.now(UTC))
    used = dict(usage.by(caller.tenant_id, month, "day"))
    by_model = usage.by(caller.tenant_id, month, "provider", "model")
    return Report(
        month,
        sum(used.values(), Used()),
        [(day, used.get((day,), Used())) for day in _days(month)],
        sorted(((name, model, sums) for (name, model), sums in by_model), key=_dearest),
        _people(caller, month),
        _rooms(caller, month),
    )


def rows(caller: Caller, *, month: str) -> list[tuple[list[str], Used]]:
    """Day, person, room, provider, model, and what they used together. Raises NotAllowed."""
    access.administration(caller)
    found = usage.by(caller.tenant_id, month, "day", "person_id", "room_id", "provider", "model")
    people = _names_of_people(caller, [key[1] for key, _ in found])
    seen = _names_of_rooms(caller, [key[2] for key, _ in found])
    merged: dict[tuple[str, ...], Used] = {}
    for (day, person, room, provider, model), sums in found:
        who, where = (people.get(person) or person, seen.get(room, UNSEEN)) if person else _NOBODYS
        key = (day, who, where, provider, model)
        merged[key] = merged.get(key, Used()) + sums
    return [(list(key), sums) for key, sums in merged.items()]


UNSEEN = "Conversations you are not in"
DOCUMENTS = "Documents"  # which are the workspace's
_NOBODYS = (DOCUMENTS, DOCUMENTS)
_NAMELESS = {"direct": "Direct conversation", "assistant": "Conversation with the assistant"}


def _people(caller: Caller, month: str) -> list[Named]:
    found = usage.by(caller.tenant_id, month, "person_id")
    names = _names_of_people(caller, [id_ for (id_,), _ in found])
    lines: list[Named] = [
        (id_, names.get(id_), sums) if id_ else (None, DOCUMENTS, sums) for (id_,), sums in found
    ]
    return sorted(lines, key=_dearest)


def _rooms(caller: Caller, month: str) -> list[Named]:
    found = usage.by(caller.tenant_id, month, "room_id")
    names = _names_of_rooms(caller, [id_ for (id_,), _ in found])
    seen: list[Named] = [(id_, names[id_], sums) for (id_,), sums in found if id_ in names]
    seen += [(None, DOCUMENTS, sums) for (id_,), sums in found if not id_]
    hidden = sum((sums for (id_,), sums in found if id_ and id_ not in names), Used())
    others: list[Named] = [(None, None, hidden)] if hidden != Used() else []
    return sorted(seen, key=_dearest) + others


def _names_of_people(caller: Caller, ids: list[str]) -> dict[str, str]:
    return {user.id: user.name for user in users.named(caller.tenant_id, list(set(ids)))}


def _names_of_rooms(caller: Caller, ids: list[str]) -> dict[str, str]:
    """Of those the caller may know of."""
    seen = rooms.seen_by(caller.tenant_id, caller.user_id, list(set(ids)))
    return {room.id: room.name or _NAMELESS.get(room.kind, "Conversation") for room in seen}


def _days(month: str) -> list[str]:
    day, end = begin_of(month), min(end_of(month), datetime.now(UTC))
    found = []
    while day < end:
        found.append(f"{day:%Y-%m-%d}")
        day += timedelta(days=1)
    return found


def _dearest(line: tuple[str | None, str | None, Used]) -> tuple[int, int, str]:
    return -line[2].cost, -line[2].output_tokens, line[1] or line[0] or ""
