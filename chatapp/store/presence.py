"""Who is here: leases that end by themselves, merged per person; see lua/presence.lua."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, cast

from flask import current_app

from chatapp.errors import Busy
from chatapp.store import keys, local
from chatapp.store.connection import asking, redis, run_lua
from chatapp.store.local import Connection
from chatapp.types import State

_AT_ONCE = 1_000  # leases a script renews before others have their turn

Changes = list[tuple[str, State]]  # user id, and what they are from now on


def touch(tenant_id: str, connections: list[Connection], *, known: bool = False) -> Changes:
    """Renew these leases. Returns who came online or changed. Raises Busy.

    `known`: this worker holds others of this tenant, and named it for them.
    """
    if not known:
        _ask(redis.sadd, keys.PRESENCE_TENANTS, tenant_id)
    lease = _ms(current_app.config["LEASE"])
    changes: Changes = []
    for start in range(0, len(connections), _AT_ONCE):
        some = connections[start : start + _AT_ONCE]
        leases = [part for c in some for part in (c.caller.user_id, c.sid, c.state)]
        changes += _changes(_presence(tenant_id, "touch", lease, *leases))
    return changes


def drop(tenant_id: str, connections: Iterable[Connection]) -> Changes:
    """End these leases. Returns who went offline or changed. Raises Busy."""
    leases = [part for c in connections for part in (c.caller.user_id, c.sid)]
    return _changes(_presence(tenant_id, "drop", *leases))


def sweep(tenant_id: str) -> Changes:
    """End the leases that nobody renewed. Returns who went offline or changed. Raises Busy."""
    every = current_app.config["SWEEP_EVERY"]
    gap, grace = _ms(every * 3), _ms(current_app.config["LEASE_RENEW"] + every)
    answer = _presence(tenant_id, "sweep", gap, grace, _AT_ONCE)
    if answer[0] == 0:  # whoever touches this tenant next names it again
        _ask(redis.srem, keys.PRESENCE_TENANTS, tenant_id)
    return _changes(answer)


def tenants() -> list[str]:
    """The tenants that somebody is in, or was until the last sweep."""
    return sorted(_ask(redis.smembers, keys.PRESENCE_TENANTS))


def sweep_is_due() -> bool:
    """Whether the caller is the one to sweep now; the others who ask are told no for a while."""
    wait = _ms(current_app.config["SWEEP_EVERY"] * 0.9)
    return bool(_ask(redis.set, keys.PRESENCE_SWEPT, "1", nx=True, px=wait))


def people(tenant_id: str) -> tuple[dict[str, State], bool]:
    """Who is here, and whether those who are missing are really gone.

    They may not be when Redis lost its data a moment ago and the workers are still renewing.
    """
    settled, *parts = _presence(tenant_id, "read")
    return dict(_pairs(parts)), bool(settled)


def online(tenant_id: str, user_ids: Iterable[str] | None = None) -> dict[str, State]:
    """Those of these people (without ids: of all) who are not offline. Raises Busy."""
    name = keys.presence(tenant_id)[3]
    if user_ids is None:
        return cast(dict[str, State], _ask(redis.hgetall, name))
    asked = list(user_ids)
    states = _ask(redis.hmget, name, asked) if asked else []
    return {user: state for user, state in zip(asked, states, strict=True) if state}


def connections(tenant_id: str, user_id: str) -> int:
    """How many this person has open, to all workers. Raises Busy."""
    index = keys.presence(tenant_id)[2]
    # "0" is the character after "/", see lua/presence.lua
    return int(_ask(redis.zlexcount, index, f"[{user_id}/", f"({user_id}0"))


def is_full(tenant_id: str, user_id: str) -> bool:
    """Whether this person has as many connections open as anybody may. While Redis is away, this
    worker's own are all we know of.
    """
    held = len(local.of_user(tenant_id, user_id))
    with suppress(Busy):
        held = max(held, connections(tenant_id, user_id))
    return held >= int(current_app.config["CONNECTIONS_PER_PERSON"])


def seen(tenant_id: str, user_ids: list[str]) -> dict[str, State]:
    """As online(), for lists that must be shown all the same: nobody while Redis is away."""
    try:
        return online(tenant_id, user_ids)
    except Busy:
        return {}


def _presence(tenant_id: str, verb: str, *args: object) -> list[Any]:
    return cast(list[Any], run_lua("presence", keys.presence(tenant_id), [verb, *args]))


def _changes(answer: list[Any]) -> Changes:
    return _pairs(answer[1:])


def _pairs(parts: list[Any]) -> Changes:
    return list(zip(parts[::2], parts[1::2], strict=True))


def _ask(command: Any, *args: Any, **kwargs: Any) -> Any:
    with asking():
        return command(*args, **kwargs)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
