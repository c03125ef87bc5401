"""What the assistant used."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chatapp.actions import usage
from chatapp.schemas.money import (
    LookAtMonth,
    ReadOnInMonth,
    UsagePayload,
    UsedPersonPayload,
    UsedRoomPayload,
)
from chatapp.types import Caller, Listing, Used
from chatapp.views.door import endpoint


@endpoint(LookAtMonth, UsagePayload)
def show(caller: Caller, month: str | None) -> object:
    found = usage.report(caller, month=month)
    return {
        "month": found.month,
        "total": found.total,
        "days": [_line(used, day=day) for day, used in found.days],
        "models": [_line(used, provider=by, model=model) for by, model, used in found.models],
        "people": [_line(used, user_id=id_, name=name) for id_, name, used in found.people],
        "more_people": _more(found.more_people),
        "rooms": [_line(used, room_id=id_, name=name) for id_, name, used in found.rooms],
        "more_rooms": _more(found.more_rooms),
    }


@endpoint(ReadOnInMonth, UsedPersonPayload, listed=True)
def people(caller: Caller, month: str | None, cursor: tuple[str, str] | None) -> object:
    found = usage.people(caller, month=month, after=cursor)
    return Listing(
        [_line(used, user_id=id_, name=name) for id_, name, used in found.items], found.next
    )


@endpoint(ReadOnInMonth, UsedRoomPayload, listed=True)
def rooms(caller: Caller, month: str | None, cursor: tuple[str, str] | None) -> object:
    found = usage.rooms(caller, month=month, after=cursor)
    return Listing(
        [_line(used, room_id=id_, name=name) for id_, name, used in found.items], found.next
    )


def _line(used: Used, **whose: str | None) -> dict[str, Any]:
    return {**whose, **asdict(used)}


def _more(others: tuple[int, Used] | None) -> dict[str, Any] | None:
    return others and {"count": others[0], **asdict(others[1])}
