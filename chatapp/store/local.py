"""What this worker alone knows: the connections it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from random import random, shuffle
from threading import Lock
from typing import Any

from flask import Flask, current_app

from chatapp.store.bucket import Bucket
from chatapp.store.here import here
from chatapp.types import Caller, Room, State


@dataclass(slots=True)
class Typing(Bucket):
    """What one connection says of one room; see actions.typing."""

    told: bool = False  # the others believe that somebody types


@dataclass(slots=True, eq=False)
class Connection:
    sid: str
    caller: Caller
    rooms: set[str] = field(default_factory=set)  # ids of the rooms it follows live
    state: State = "active"  # what its page said last; never "offline"
    typing: dict[str, Typing] = field(default_factory=dict)  # by room id
    asked: Bucket = field(default_factory=lambda: Bucket(inf))  # the person's, see event_limit.py


_Index = dict[Any, dict[str, Connection]]


class Connections:
    """By sid, person, session and tenant, each in O(1). Empty again when everybody is gone."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.closing = False
        self.by_sid: dict[str, Connection] = {}
        self.by_user: _Index = {}
        self.by_session: _Index = {}
        self.by_tenant: _Index = {}
        self.told: dict[str, dict[str, State]] = {}

    def add(self, connection: Connection) -> None:
        with self._lock:
            self.by_sid[connection.sid] = connection
            for index, key in self._places(connection):
                index.setdefault(key, {})[connection.sid] = connection

    def remove(self, sid: str) -> Connection | None:
        with self._lock:
            connection = self.by_sid.pop(sid, None)
            for index, key in self._places(connection) if connection else ():
                del index[key][sid]
                if not index[key]:
                    del index[key]
            if connection and connection.caller.tenant_id not in self.by_tenant:
                self.told.pop(connection.caller.tenant_id, None)
        return connection

    def _places(self, connection: Connection) -> list[tuple[_Index, object]]:
        who = connection.caller
        return [
            (self.by_user, (who.tenant_id, who.user_id)),
            (self.by_session, who.session_id),
            (self.by_tenant, who.tenant_id),
        ]


def init_app(app: Flask) -> None:
    app.extensions["local"] = Connections()


def add(connection: Connection) -> None:
    _connections().add(connection)


def remove(sid: str) -> Connection | None:
    """The connection that was there; None when it was not, or no longer."""
    return _connections().remove(sid)


def get(sid: str) -> Connection | None:
    return _connections().by_sid.get(sid)


def of_user(tenant_id: str, user_id: str) -> list[Connection]:
    return list(_connections().by_user.get((tenant_id, user_id), {}).values())


def of_session(session_id: str) -> list[Connection]:
    return list(_connections().by_session.get(session_id, {}).values())


def of_tenant(tenant_id: str) -> list[Connection]:
    return list(_connections().by_tenant.get(tenant_id, {}).values())


def tenants() -> list[str]:
    return list(_connections().by_tenant)


def live_rooms() -> list[Room]:
    """Every room that somebody here listens to, once."""
    connections = _connections().by_sid.copy().values()
    return list({Room(c.caller.tenant_id, room_id) for c in connections for room_id in c.rooms})


def told(tenant_id: str) -> dict[str, State] | None:
    """What our clients believe about who is here; ours to change. None: nobody told them."""
    return _connections().told.get(tenant_id)


def believe(tenant_id: str, states: dict[str, State]) -> None:
    if tenant_id in _connections().by_tenant:
        _connections().told[tenant_id] = states


def all() -> list[Connection]:
    return list(_connections().by_sid.values())


def begin_closing() -> list[tuple[Connection, float]]:
    """From now on this worker only takes leave. Each connection with the seconds it shall stay away."""
    connections, spread = _connections(), float(current_app.config["CLOSING_SPREAD"])
    connections.closing = True
    held = list(connections.by_sid.values())
    shuffle(held)  # evenly spread, in no order that the next worker would see again
    return [(each, spread * (n + random()) / len(held)) for n, each in enumerate(held)]


def closing() -> bool:
    return _connections().closing


def _connections() -> Connections:
    connections: Connections = here().extensions["local"]
    return connections
