"""What the assistant used, for the administrators of the workspace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chatapp.actions import access
from chatapp.money import begin_of, end_of, month_of
from chatapp.store import rooms as rooms_of
from chatapp.store import usage, users
from chatapp.types import Caller, Listing, Used

Named = tuple[str | None, str | None, Used]  # id, name, what it used


@dataclass(frozen=True, slots=True)
class Report:
    """A month. What is dearest comes first, but for the days."""

    month: str
    total: Used
    days: list[tuple[str, Used]]  # every day so far, also those without an answer
    models: list[tuple[str, str, Used]]  # provider, model
    people: list[Named]  # without an id: what documents cost; likewise
    more_people: tuple[int, Used] | None  # how many others there are, and what they used together
    rooms: list[Named]  # without a name, too: all those together that the caller may not know of
    more_rooms: tuple[int, Used] | None


def report(caller: Caller, *, month: str | None = None) -> Report:
    """Of this month, unless another is asked for. Raises NotAllowed."""
    access.administration(caller)
    month = month or month_of(datetime.now(UTC))
    used = dict(usage.by(caller.tenant_id, month, "day"))
    by_model = usage.by(caller.tenant_id, month, "provider", "model")
    people = usage.dearest(caller.tenant_id, month, "person_id", AT_ONCE)
    rooms = usage.dearest(caller.tenant_id, month, "room_id", AT_ONCE)
    total = sum(used.values(), Used())
    return Report(
        month,
        total,
        [(day, used.get((day,), Used())) for day in _days(month)],
        sorted(((name, model, sums) for (name, model), sums in by_model), key=_dearest),
        sorted(_people(caller, people), key=_dearest),
        _more(caller, month, "person_id", people, total),
        sorted(_rooms(caller, rooms), key=_dearest),
        _more(caller, month, "room_id", rooms, total),
    )


def people(
    caller: Caller, *, month: str | None = None, after: tuple[str, str] | None = None
) -> Listing:
    """All who used something, not in the order of what it cost: that changes while one reads on.
    Raises NotAllowed.
    """
    found, more = _page(caller, month, "person_id", after)
    return Listing(_people(caller, found), more)


def rooms(
    caller: Caller, *, month: str | None = None, after: tuple[str, str] | None = None
) -> Listing:
    """Likewise; those that the caller may not know of are one line of each page. Raises NotAllowed."""
    found, more = _page(caller, month, "room_id", after)
    return Listing(_rooms(caller, found), more)


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
AT_ONCE = 100  # people or rooms in one answer
_NAMED_AT_ONCE = 500
DOCUMENTS = "Documents"  # which are the workspace's
_NOBODYS = (DOCUMENTS, DOCUMENTS)
_NAMELESS = {"direct": "Direct conversation", "assistant": "Conversation with the assistant"}


def _page(
    caller: Caller, month: str | None, what: str, after: tuple[str, str] | None
) -> tuple[list[usage.Line], tuple[str, str] | None]:
    access.administration(caller)
    month, last = month or month_of(datetime.now(UTC)), after[1] if after else None
    found = usage.page(caller.tenant_id, month, what, after=last, limit=AT_ONCE + 1)
    shown = found[:AT_ONCE]
    return shown, ("", shown[-1][0][0]) if len(found) > AT_ONCE else None


def _more(
    caller: Caller, month: str, what: str, shown: list[usage.Line], total: Used
) -> tuple[int, Used] | None:
    if len(shown) < AT_ONCE:
        return None
    others = usage.count(caller.tenant_id, month, what) - len(shown)
    return (others, total - sum((used for _, used in shown), Used())) if others > 0 else None


def _people(caller: Caller, found: list[usage.Line]) -> list[Named]:
    names = _names_of_people(caller, [id_ for (id_,), _ in found])
    return [
        (id_, names.get(id_), sums) if id_ else (None, DOCUMENTS, sums) for (id_,), sums in found
    ]


def _rooms(caller: Caller, found: list[usage.Line]) -> list[Named]:
    names = _names_of_rooms(caller, [id_ for (id_,), _ in found])
    seen: list[Named] = [(id_, names[id_], sums) for (id_,), sums in found if id_ in names]
    seen += [(None, DOCUMENTS, sums) for (id_,), sums in found if not id_]
    hidden = sum((sums for (id_,), sums in found if id_ and id_ not in names), Used())
    return [*seen, (None, None, hidden)] if hidden != Used() else seen


def _names_of_people(caller: Caller, ids: list[str]) -> dict[str, str]:
    return {
        user.id: user.name for some in _few(ids) for user in users.named(caller.tenant_id, some)
    }


def _names_of_rooms(caller: Caller, ids: list[str]) -> dict[str, str]:
    """Of those the caller may know of."""
    return {
        room.id: room.name or _NAMELESS.get(room.kind, "Conversation")
        for some in _few(ids)
        for room in rooms_of.seen_by(caller.tenant_id, caller.user_id, some)
    }


def _few(ids: list[str]) -> Iterator[list[str]]:
    """As many as a statement takes."""
    different = sorted(set(ids))
    for start in range(0, len(different), _NAMED_AT_ONCE):
        yield different[start : start + _NAMED_AT_ONCE]


def _days(month: str) -> list[str]:
    day, end = begin_of(month), min(end_of(month), datetime.now(UTC))
    found = []
    while day < end:
        found.append(f"{day:%Y-%m-%d}")
        day += timedelta(days=1)
    return found


def _dearest(line: tuple[str | None, str | None, Used]) -> tuple[bool, int, int, str]:
    """What has no name comes last."""
    name = line[1] or line[0]
    return name is None, -line[2].cost, -line[2].output_tokens, name or ""
