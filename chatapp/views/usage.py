"""What the assistant used."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chatapp.actions import usage
from chatapp.schemas.money import LookAtMonth, UsagePayload
from chatapp.types import Caller, Used
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
        "rooms": [_line(used, room_id=id_, name=name) for id_, name, used in found.rooms],
    }


def _line(used: Used, **whose: str | None) -> dict[str, Any]:
    return {**whose, **asdict(used)}
