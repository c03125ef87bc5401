"""Sending away, on this worker, who may no longer be here; and saying who has changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from chatapp import bus, logs
from chatapp.errors import Busy
from chatapp.store import control, directory, local, sessions, users
from chatapp.store.control import Doubts, Message
from chatapp.store.local import Connection
from chatapp.types import Person

log = logs.get(__name__)

_AT_ONCE = 500  # sessions asked for in one query


def trusted() -> bool:
    """Whether this worker may act at all. In memory: asked before every event."""
    return control.trusted()


def listen() -> None:
    """Hear what was said, waiting a second for it, and do it.

    Raises Busy when Redis cannot be heard; after a minute of that, everybody is sent to find
    another worker.
    """
    try:
        said = control.hear()
    except Busy:
        if not control.trusted():
            for connection in local.all():
                bus.hang_up(connection.sid, for_good=False)
        raise
    for message in said:
        try:
            obey(message)
        except Exception:
            log.exception("control message not obeyed", kind=message.get("kind"))


def obey(message: Message) -> None:
    """Kinds we do not know come from a newer version, and are for its workers."""
    tenant_id, user_id = message["tenant_id"], message.get("user_id", "")
    match message["kind"]:
        case "session_ended":
            _send_away(local.of_session(message["session_id"]), message["reason"])
        case "sessions_ended":
            kept = message.get("except_session_id")
            theirs = local.of_user(tenant_id, user_id)
            _send_away((c for c in theirs if c.caller.session_id != kept), message["reason"])
        case "user_disabled":
            _send_away(local.of_user(tenant_id, user_id), "disabled")
        case "workspace_suspended":
            _send_away(local.of_tenant(tenant_id), "disabled")
        case "people_changed":
            directory.forget(tenant_id)
            control.doubt(Doubts(people={(tenant_id, user_id)}))


def verify(*, wait: float) -> None:
    """Ask the record about those we are not sure of, waiting up to `wait` seconds for somebody.

    Without doubts, when the wait is over, it asks about everybody: sessions also end by
    themselves. Apart from listen(), so that a slow database keeps nobody here who was sent away.
    """
    doubts = control.doubts(wait=wait)
    try:
        _verify_sessions(doubts)
        for tenant_id, user_id in doubts.people:
            _person_changed(tenant_id, user_id)
    except Exception:
        control.doubt(doubts)
        raise


def _verify_sessions(doubts: Doubts) -> None:
    everybody = doubts.everybody or not (doubts.sessions or doubts.people)
    held = {c.caller.session_id for c in local.all()} if everybody else doubts.sessions
    asked = sorted(held)
    for start in range(0, len(asked), _AT_ONCE):
        some = asked[start : start + _AT_ONCE]
        identities = sessions.identify_all(some)
        for session_id in some:
            identity = identities.get(session_id)
            if identity is None or identity.ended:
                reason = "expired" if identity and identity.expired else "revoked"
                _send_away(local.of_session(session_id), reason)
            elif identity.closed:
                _send_away(local.of_session(session_id), "disabled")


def _person_changed(tenant_id: str, user_id: str) -> None:
    user = users.find(tenant_id, user_id)
    if user is None:
        return
    for connection in local.of_user(tenant_id, user_id):
        connection.caller = replace(connection.caller, name=user.name, role=user.role)
    bus.person_changed(tenant_id, Person(user.id, user.name, user.role, user.disabled))


def _send_away(connections: Iterable[Connection], reason: str) -> None:
    for connection in connections:
        bus.session_ended(connection.sid, reason)
        bus.hang_up(connection.sid)
