"""Events as JSON: the same bytes in the logs and on the wire."""

from __future__ import annotations

import re
from typing import Any

import orjson

from chatapp.types import Draft, Event, Room

_FIELDS = ("type", "room_id", "epoch", "seq", "id", "at", "actor_id", "client_id", "data")
_BEGINNING = re.compile(r'\{"v":1,"type":"([a-z:]+)","room_id":"([^"\\]+)","epoch":"')


def beginning(room: Room, kind: str) -> bytes:
    """The event's JSON up to where the script puts epoch and seq; the same for all of a kind."""
    return b'{"v":1,"type":"%b","room_id":%b,"epoch":"' % (kind.encode(), orjson.dumps(room.id))


def middle(draft: Draft) -> bytes:
    """From there to where it puts the time."""
    return b',"id":"%b","at":"' % draft.id.encode()


def end(draft: Draft) -> bytes:
    """From there on."""
    dump = orjson.dumps
    return b'","actor_id":%b,"client_id":%b,"data":%b}' % (
        dump(draft.actor_id),
        dump(draft.client_id),
        dump(draft.data),
    )


def address(tenant_id: str, raw: str) -> tuple[str, Room] | None:
    """The type and the room of what beginning() began, without reading the rest; None for anything else."""
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
