"""The connections this worker holds: whose they are, and which rooms they listen to."""

from __future__ import annotations

from chatapp import bus, metrics
from chatapp.errors import NotSignedIn, TooFast
from chatapp.store import control, event_limit, limits, local, presence, room_log
from chatapp.store.local import Connection
from chatapp.types import Caller, Room

_FULL = 30.0  # seconds until one of too many connections may have ended


def arrive(caller: Caller, *, sid: str) -> None:
    """Remember whose connection this is. Raises TooFast."""
    limits.take("connect", caller)
    if presence.is_full(caller.tenant_id, caller.user_id):
        raise TooFast("You are connected too many times. Close a tab.", retry_after=_FULL)
    local.add(Connection(sid, caller, asked=event_limit.of(caller)))
    control.doubt_newcomer(caller)
    metrics.connections.inc()


def settle(*, sid: str) -> Connection | None:
    """Let it hear what concerns its person and their workspace; None when it was sent away."""
    connection = local.get(sid)
    if connection:
        caller = connection.caller
        bus.join(sid, bus.user_channel(caller.tenant_id, caller.user_id))
        bus.join(sid, bus.people_channel(caller.tenant_id))
    return connection


def depart(*, sid: str) -> Connection | None:
    """Forget a connection that has ended; None when it was never let in."""
    connection = local.remove(sid)
    if connection:
        metrics.connections.dec()
    return connection


def complain(*, sid: str, error: object) -> None:
    """Tell a client what went wrong with something it waits for no answer to."""
    bus.error(sid, error)


def say_goodbye() -> None:
    """Send everybody away to another worker, each with a moment of their own to come back at."""
    leaving = local.begin_closing()
    for connection, delay in leaving:
        bus.server_closing(connection.sid, delay)
    for connection, _ in leaving:
        bus.hang_up(connection.sid, for_good=False)


def caller(*, sid: str) -> Caller:
    """Who speaks. Raises NotSignedIn once they have been sent away, TooFast when they do not stop."""
    connection = local.get(sid)
    if connection is None:
        raise NotSignedIn
    if wait := event_limit.asking_again_in(connection.asked):
        raise TooFast(retry_after=wait)
    return connection.caller


def settle_accounts() -> None:
    """Let what people asked of other workers count here, and there what they asked here."""
    event_limit.settle()


def listen(caller: Caller, *, sid: str, room_id: str) -> None:
    """Hear what happens in a room from now on. Raises RoomNotFound unless the caller is in it."""
    room_log.stand(Room(caller.tenant_id, room_id), caller.user_id)
    listen_to_own(caller, sid=sid, room_ids=[room_id])


def listen_to_own(caller: Caller, *, sid: str, room_ids: list[str]) -> None:
    """The same for rooms just found to be the caller's: many at once, without asking again."""
    connection = local.get(sid)
    if connection is None:
        raise NotSignedIn
    for room_id in room_ids:
        connection.rooms.add(room_id)
        bus.join(sid, Room(caller.tenant_id, room_id).channel)


def ignore(caller: Caller, *, sid: str, room_id: str) -> None:
    """Stop hearing it; not the same as giving up membership."""
    if connection := local.get(sid):
        connection.rooms.discard(room_id)
    bus.leave(sid, Room(caller.tenant_id, room_id).channel)
