"""Who is here. Said at once when it changes, and said again by each worker to its own clients, so
that a lost message is put right with the next beat."""

from __future__ import annotations

from chatapp import bus, logs
from chatapp.errors import Busy
from chatapp.store import local, presence
from chatapp.store.local import Connection
from chatapp.types import Caller, State

log = logs.get(__name__)


def arrived(connection: Connection) -> None:
    """Say that they are here. Redis may be away: the next beat makes up for it."""
    tenant_id = connection.caller.tenant_id
    try:
        known = local.told(tenant_id) is not None
        _tell(tenant_id, presence.touch(tenant_id, [connection], known=known))
        if not known:
            local.believe(tenant_id, presence.people(tenant_id)[0])
    except Busy:
        log.warning("presence not taken", user_id=connection.caller.user_id)


def gone(connection: Connection) -> None:
    """Say that they left, if this was their last connection. When Redis is away the lease ends by
    itself; so it does, unless they are back by then, when it is we who leave.
    """
    if local.closing():
        return
    tenant_id = connection.caller.tenant_id
    try:
        _tell(tenant_id, presence.drop(tenant_id, [connection]))
    except Busy:
        log.warning("presence not dropped", user_id=connection.caller.user_id)


def set_state(caller: Caller, *, sid: str, state: State) -> None:
    """Active or away, for this connection; the most awake one counts."""
    connection = local.get(sid)
    if connection is None or connection.state == state:
        return
    connection.state = state
    _tell(caller.tenant_id, presence.touch(caller.tenant_id, [connection]))


def beat() -> None:
    """Renew the leases of everybody we hold, and put right what they believe. Raises Busy."""
    for tenant_id in local.tenants():
        _tell(tenant_id, presence.touch(tenant_id, local.of_tenant(tenant_id)))
        _put_right(tenant_id)


def sweep() -> None:
    """End what nobody renewed, unless somebody else just did. Raises Busy."""
    if presence.sweep_is_due():
        for tenant_id in presence.tenants():
            _tell(tenant_id, presence.sweep(tenant_id))


def _tell(tenant_id: str, changes: presence.Changes) -> None:
    told = local.told(tenant_id)
    for user_id, state in changes:
        bus.presence_changed(tenant_id, user_id, state)
        if told is not None:
            told[user_id] = state


def _put_right(tenant_id: str) -> None:
    states, settled = presence.people(tenant_id)
    told = local.told(tenant_id) or {}
    missing = [user_id for user_id in told if user_id not in states]
    gone: list[tuple[str, State]] = [(user_id, "offline") for user_id in missing if settled]
    for user_id, state in [*states.items(), *gone]:
        if told.get(user_id, "offline") != state:
            bus.presence_is(tenant_id, user_id, state)
    kept = {user_id: told[user_id] for user_id in missing if not settled}
    local.believe(tenant_id, states | kept)
