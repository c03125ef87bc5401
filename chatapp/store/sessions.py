"""Sessions: one row for each browser signed in and each token issued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Row, Select, bindparam, delete, insert, select, update

from chatapp import engine
from chatapp.store.database import reading, writing
from chatapp.store.here import here
from chatapp.store.tables import sessions, users, workspaces
from chatapp.types import Caller, Session, User

LEEWAY = 60.0  # seconds a session outlives its end, for clocks that differ
_LIVE = sessions.c.revoked_at.is_(None)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose session it is, and what speaks against letting them in."""

    caller: Caller
    ended: bool  # revoked or expired
    expired: bool  # it ended by itself
    closed: bool  # the account is disabled or the workspace suspended
    last_seen_at: datetime


def init_app(app: Flask) -> None:
    app.extensions["newcomers"] = lambda session_id: identify_all([session_id])


def put_on_the_loop(app: Flask) -> None:
    app.extensions["newcomers"] = engine.together(identify_all)


def add(
    user: User,
    *,
    kind: str,
    lifetime: float | None = None,
    address: str = "",
    user_agent: str = "",
) -> Session:
    """`lifetime` in seconds; without one, as long as the settings say."""
    now = datetime.now(UTC)
    if lifetime is None:
        lifetime = current_app.config["SESSION_DAYS"] * 86_400
    session = Session(
        id=token_urlsafe(24),
        tenant_id=user.tenant_id,
        user_id=user.id,
        kind=kind,
        created_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(seconds=lifetime),
        address=address[:64],
        user_agent=user_agent[:300],
    )
    with writing() as connection:
        connection.execute(
            insert(sessions).values(
                id=session.id,
                workspace_id=user.tenant_id,
                user_id=user.id,
                kind=kind,
                created_at=now,
                last_seen_at=now,
                expires_at=session.expires_at,
                address=session.address,
                user_agent=session.user_agent,
            )
        )
    return session


# Put together once: whoever connects asks this, and making it took longer than SQLite's answer.
_IDENTITIES: Select[Any] = (
    select(
        sessions.c.id,
        sessions.c.workspace_id,
        sessions.c.user_id,
        sessions.c.revoked_at,
        sessions.c.expires_at,
        sessions.c.last_seen_at,
        users.c.name,
        users.c.role,
        users.c.disabled_at,
        workspaces.c.suspended_at,
    )
    .join(users, users.c.id == sessions.c.user_id)
    .join(workspaces, workspaces.c.id == sessions.c.workspace_id)
    .where(sessions.c.id.in_(bindparam("session_ids", expanding=True)))
)


def identify(session_id: str) -> Identity | None:
    """One query."""
    return identify_all([session_id]).get(session_id)


def identify_newcomer(session_id: str) -> Identity | None:
    """The same; on the fast engine one query for all who come at once."""
    found: dict[str, Identity] = here().extensions["newcomers"](session_id)
    return found.get(session_id)


def identify_all(session_ids: list[str]) -> dict[str, Identity]:
    """Those of these sessions that exist, by their ids. One query."""
    with reading() as connection:
        found = connection.execute(_IDENTITIES, {"session_ids": session_ids})
        return {row[0]: _identity(row) for row in found}


def of(tenant_id: str, user_id: str) -> list[Session]:
    """The live ones, the most recently used first."""
    with reading() as connection:
        rows = connection.execute(
            select(sessions)
            .where(*_whose(tenant_id, user_id), _LIVE, sessions.c.expires_at > datetime.now(UTC))
            .order_by(sessions.c.last_seen_at.desc(), sessions.c.id)
        ).all()
    return [_session(row) for row in rows]


def exists(tenant_id: str, user_id: str, session_id: str) -> bool:
    """Whether this person has, or had, such a session."""
    query = select(sessions.c.id).where(*_whose(tenant_id, user_id), sessions.c.id == session_id)
    with reading() as connection:
        return connection.execute(query).first() is not None


def touch(session_id: str) -> None:
    with writing() as connection:
        connection.execute(
            update(sessions)
            .where(sessions.c.id == session_id)
            .values(last_seen_at=datetime.now(UTC))
        )


def revoke(tenant_id: str, user_id: str, session_id: str) -> bool:
    """False when this person has no such live session."""
    return _revoke(*_whose(tenant_id, user_id), sessions.c.id == session_id) == 1


def revoke_all(tenant_id: str, user_id: str, *, except_id: str | None = None) -> int:
    return _revoke(*_whose(tenant_id, user_id), sessions.c.id != (except_id or ""))


def delete_ended(before: datetime) -> int:
    """Forget those that expired or were revoked before then."""
    with writing() as connection:
        return connection.execute(
            delete(sessions).where(
                (sessions.c.expires_at < before) | (sessions.c.revoked_at < before)
            )
        ).rowcount


def _revoke(*conditions: Any) -> int:
    with writing() as connection:
        return connection.execute(
            update(sessions).where(*conditions, _LIVE).values(revoked_at=datetime.now(UTC))
        ).rowcount


def _whose(tenant_id: str, user_id: str) -> tuple[Any, Any]:
    return sessions.c.workspace_id == tenant_id, sessions.c.user_id == user_id


def _identity(row: Any) -> Identity:
    # As a tuple: looking its columns up by name takes as long as reading it.
    id_, tenant_id, user_id, revoked_at, expires_at, last_seen_at, *person = row
    name, role, disabled_at, suspended_at = person
    revoked = revoked_at is not None
    expired = not revoked and expires_at + timedelta(seconds=LEEWAY) < datetime.now(UTC)
    return Identity(
        Caller(tenant_id, user_id, name, role, id_),
        ended=revoked or expired,
        expired=expired,
        closed=disabled_at is not None or suspended_at is not None,
        last_seen_at=last_seen_at,
    )


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        tenant_id=row.workspace_id,
        user_id=row.user_id,
        kind=row.kind,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
        address=row.address,
        user_agent=row.user_agent,
    )
