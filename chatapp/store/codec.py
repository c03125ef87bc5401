"""Events as JSON: the same bytes in the logs and on the wire."""

from __future__ import annotations

import re
from typing import Any

import orjson

from chatapp.types import Draft, Event, Room

_FIELDS = ("type", "room_id", "epoch", "seq", "id", "at", "actor_id", "client_id", "data")
_BEGINNING = re.compile(r'\{"v":1,"type":"([a-z:]+)","room_id":"([^"\\]+)","epoch":"')


def split(room: Room, draft: Draft) -> tuple[str, str, str]:
    """The event's JSON in three parts; the script puts epoch and seq, then the time, between them."""
    dump = orjson.dumps
    before = f'{{"v":1,"type":"{draft.type}","room_id":{dump(room.id).decode()},"epoch":"'
    middle = f',"id":"{draft.id}","at":"'
    after = (
        f'","actor_id":{dump(draft.actor_id).decode()},"client_id":{dump(draft.client_id).decode()},'
        f'"data":{dump(draft.data).decode()}}}'
    )
    return before, middle, after


def address(tenant_id: str, raw: str) -> tuple[str, Room] | None:
    """The type and the room of what split() began, without reading the rest; None for anything else."""
    found = _BEGINNING.match(raw)
    return (found[1], Room(tenant_id, found[2])) if found else None


def dump(event: Event) -> str:
    """The same JSON again, for an event that came from the record."""
    fields = {name: getattr(event, name) for name in _FIELDS}
    return orjson.dumps({"v": 1, **fields}).decode()


def load(tenant_id: str, raw: str) -> Event:
    """Raises ValueError, KeyError or TypeError for what is not an event."""
    fields: dict[str, Any] = orjson.loads(raw)
    del fields["v"]
    return Event(tenant_id, **fields)
