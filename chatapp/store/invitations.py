"""Invitations: links that make an account, once. Only a hash of the link's token is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from flask import current_app
from sqlalchemy import Row, delete, insert, select
from uuid_utils import uuid7

from chatapp.store.database import reading, writing
from chatapp.store.tables import invitations, users, workspaces
from chatapp.types import Invitation, Role, Workspace

# Worth nothing any more once whoever made it could not make it again: or who was sent away would
# let themselves in.
_STANDS = users.c.disabled_at.is_(None) & (
    (users.c.role == "owner") | ((users.c.role == "admin") & (invitations.c.role != "owner"))
)


def add(
    tenant_id: str, *, email: str | None, role: Role, invited_by: str
) -> tuple[Invitation, str]:
    """The invitation, and the token for its link: nobody can read it again."""
    token, now = token_urlsafe(24), datetime.now(UTC)
    email = email.casefold() if email else None
    lifetime = timedelta(days=current_app.config["INVITATION_DAYS"])
    invitation = Invitation(str(uuid7()), email, role, invited_by, now, now + lifetime)
    with writing() as connection:
        connection.execute(
            insert(invitations).values(
                id=invitation.id,
                workspace_id=tenant_id,
                token_hash=_hash(token),
                email=email,
                role=role,
                invited_by=invited_by,
                created_at=now,
                expires_at=invitation.expires_at,
            )
        )
    return invitation, token


def open_ones(tenant_id: str) -> list[Invitation]:
    """Neither accepted nor expired, the newest first."""
    with reading() as connection:
        rows = connection.execute(
            select(invitations)
            .join(users, users.c.id == invitations.c.invited_by)
            .where(
                _STANDS,
                invitations.c.workspace_id == tenant_id,
                invitations.c.accepted_at.is_(None),
                invitations.c.expires_at > datetime.now(UTC),
            )
            .order_by(invitations.c.created_at.desc(), invitations.c.id.desc())
        ).all()
    return [_invitation(row) for row in rows]


def by_token(token: str) -> tuple[Invitation, Workspace] | None:
    """An open invitation and where it leads; None for a token that is wrong, used or expired."""
    with reading() as connection:
        row = connection.execute(
            select(invitations, workspaces.c.slug, workspaces.c.name)
            .join(workspaces, workspaces.c.id == invitations.c.workspace_id)
            .join(users, users.c.id == invitations.c.invited_by)
            .where(
                _STANDS,
                invitations.c.token_hash == _hash(token),
                invitations.c.accepted_at.is_(None),
                invitations.c.expires_at > datetime.now(UTC),
                workspaces.c.suspended_at.is_(None),
            )
        ).first()
    return (_invitation(row), Workspace(row.workspace_id, row.slug, row.name)) if row else None


def remove(tenant_id: str, invitation_id: str) -> bool:
    """False when there is no such open invitation."""
    with writing() as connection:
        return (
            connection.execute(
                delete(invitations).where(
                    invitations.c.workspace_id == tenant_id,
                    invitations.c.id == invitation_id,
                    invitations.c.accepted_at.is_(None),
                )
            ).rowcount
            == 1
        )


def delete_expired(before: datetime) -> int:
    """Forget those nobody accepted in time, and those accepted that long ago."""
    with writing() as connection:
        return connection.execute(
            delete(invitations).where(invitations.c.expires_at < before)
        ).rowcount


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _invitation(row: Row[Any]) -> Invitation:
    return Invitation(row.id, row.email, row.role, row.invited_by, row.created_at, row.expires_at)
