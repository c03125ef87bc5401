"""People's accounts. Every question names the tenant: an id of another one finds nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, exists, func, insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from uuid_utils import uuid7

from chatapp import text
from chatapp.errors import Conflict, InvalidPayload
from chatapp.store.database import reading, writing
from chatapp.store.tables import invitations, users, workspaces
from chatapp.store.workspaces import insert_workspace
from chatapp.types import Role, User, Workspace

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")  # whether anybody reads it, only a message would tell
_LONGEST_EMAIL = 254


def add(
    tenant_id: str,
    *,
    email: str,
    name: str,
    role: Role,
    password_hash: str,
    invitation_id: str | None = None,
) -> User:
    """A new account; through an invitation it is used up in the same transaction.

    Raises Conflict when the e-mail or a name that looks like this one is taken, or the invitation
    is gone; InvalidPayload for what is no address, or a name in which nothing is visible.
    """
    row = _new(tenant_id, email, name, role, password_hash)
    now = row["created_at"]
    try:
        with writing() as connection:
            if invitation_id is not None:
                taken = connection.execute(
                    update(invitations)
                    .where(
                        invitations.c.id == invitation_id,
                        invitations.c.accepted_at.is_(None),
                        invitations.c.expires_at > now,
                    )
                    .values(accepted_at=now)
                )
                if taken.rowcount == 0:
                    raise Conflict("This invitation was used already. Ask for a new one.")
            connection.execute(insert(users).values(row))
    except IntegrityError as error:
        raise _taken(error) from None
    return _added(row)


def add_founder(workspace: Workspace, *, email: str, name: str, password_hash: str) -> User:
    """A new workspace with its owner: both or neither. Raises Conflict for the slug, InvalidPayload."""
    row = _new(workspace.id, email, name, "owner", password_hash)
    with writing() as connection:
        insert_workspace(connection, workspace)
        connection.execute(insert(users).values(row))
    return _added(row)


def find(tenant_id: str, user_id: str) -> User | None:
    with reading() as connection:
        row = connection.execute(
            select(users).where(users.c.workspace_id == tenant_id, users.c.id == user_id)
        ).first()
    return _user(row) if row else None


def by_email(tenant_id: str, email: str) -> User | None:
    with reading() as connection:
        row = connection.execute(
            select(users).where(
                users.c.workspace_id == tenant_id, users.c.email == email.casefold()
            )
        ).first()
    return _user(row) if row else None


def named(tenant_id: str, user_ids: list[str]) -> list[User]:
    """Those of the ids that are people of this tenant, in no order."""
    with reading() as connection:
        rows = connection.execute(
            select(users).where(users.c.workspace_id == tenant_id, users.c.id.in_(user_ids))
        ).all()
    return [_user(row) for row in rows]


def page(
    tenant_id: str, *, q: str, after: tuple[str, str] | None, limit: int, by_email: bool = False
) -> list[User]:
    """People by name, then id; `after` is the last (name, id) already seen. q matches inside the
    name, or the whole address; `by_email` inside the address too: not for those who may not see it,
    who could spell it out by searching.
    """
    lowered = func.lower(users.c.name)
    query = select(users).where(users.c.workspace_id == tenant_id)
    if q:
        email = users.c.email
        known = email.icontains(q, autoescape=True) if by_email else email == q.strip().casefold()
        query = query.where(or_(users.c.name.icontains(q, autoescape=True), known))
    if after is not None:
        name, user_id = after
        query = query.where(tuple_(lowered, users.c.id) > tuple_(func.lower(name), user_id))
    with reading() as connection:
        rows = connection.execute(query.order_by(lowered, users.c.id).limit(limit)).all()
    return [_user(row) for row in rows]


def count(tenant_id: str) -> int:
    with reading() as connection:
        return connection.execute(
            select(func.count()).select_from(users).where(users.c.workspace_id == tenant_id)
        ).scalar_one()


def credentials(slug: str, email: str) -> tuple[User, str, bool] | None:
    """Of this address in this workspace: the user, the kept password, and whether the workspace
    is suspended.
    """
    with reading() as connection:
        row = connection.execute(
            select(users, workspaces.c.suspended_at)
            .join(workspaces, workspaces.c.id == users.c.workspace_id)
            .where(workspaces.c.slug == slug, users.c.email == email.casefold())
        ).first()
    return (_user(row), row.password_hash, row.suspended_at is not None) if row else None


def password_hash(tenant_id: str, user_id: str) -> str | None:
    with reading() as connection:
        return connection.execute(
            select(users.c.password_hash).where(
                users.c.workspace_id == tenant_id, users.c.id == user_id
            )
        ).scalar()


def rename(tenant_id: str, user_id: str, *, name: str) -> None:
    """Raises Conflict when somebody has a name that looks like this one, and InvalidPayload."""
    name, name_skeleton = _proper(name)
    try:
        _change(tenant_id, user_id, name=name, name_skeleton=name_skeleton)
    except IntegrityError as error:
        raise _taken(error) from None


def set_password_hash(tenant_id: str, user_id: str, kept: str) -> None:
    _change(tenant_id, user_id, password_hash=kept)


def set_standing(tenant_id: str, user_id: str, *, role: Role | None, disabled: bool | None) -> bool:
    """Change role, access or both; False, and nothing changed, when it was the last active owner."""
    values: dict[str, Any] = {}
    if role is not None:
        values["role"] = role
    if disabled is not None:
        values["disabled_at"] = datetime.now(UTC) if disabled else None
    owner = (users.c.workspace_id == tenant_id) & (users.c.role == "owner")
    with writing() as connection:
        # Lock the owners first: two of them, each demoting the other, must not both succeed.
        before = connection.execute(
            select(users.c.id).where(owner, users.c.disabled_at.is_(None)).with_for_update()
        ).all()
        connection.execute(
            update(users)
            .where(users.c.workspace_id == tenant_id, users.c.id == user_id)
            .values(values)
        )
        after = select(exists().where(owner & users.c.disabled_at.is_(None)))
        if before and not connection.execute(after).scalar():
            connection.rollback()
            return False
        return True


def _change(tenant_id: str, user_id: str, **values: object) -> None:
    with writing() as connection:
        connection.execute(
            update(users)
            .where(users.c.workspace_id == tenant_id, users.c.id == user_id)
            .values(values)
        )


def _new(tenant_id: str, email: str, name: str, role: Role, password_hash: str) -> dict[str, Any]:
    """The row of a new account. Raises InvalidPayload."""
    if len(email) > _LONGEST_EMAIL or not _EMAIL.fullmatch(email):
        raise InvalidPayload(details={"email": ["This is not an e-mail address."]})
    name, name_skeleton = _proper(name)
    return {
        "id": str(uuid7()),
        "workspace_id": tenant_id,
        "email": email.casefold(),
        "name": name,
        "name_skeleton": name_skeleton,
        "role": role,
        "password_hash": password_hash,
        "created_at": datetime.now(UTC),
    }


def _added(row: dict[str, Any]) -> User:
    return User(
        row["id"], row["workspace_id"], row["email"], row["name"], row["role"], disabled=False
    )


def _proper(name: str) -> tuple[str, str]:
    """The name as it is shown, and what it looks like."""
    name = text.clean_name(name)
    if not 1 <= len(name) <= text.NAME_MAX:
        raise InvalidPayload(
            details={"name": [f"Use between 1 and {text.NAME_MAX} visible characters."]}
        )
    return name, text.skeleton(name)


def _taken(error: IntegrityError) -> Conflict:
    if "name_skeleton" in str(error.orig):
        words = "Somebody here has this name, or one that looks like it. Choose another."
        return Conflict(words, details={"name": [words]})
    words = "This e-mail address has an account here already."
    return Conflict(words, details={"email": [words]})


def _user(row: Row[Any]) -> User:
    return User(
        row.id,
        row.workspace_id,
        row.email,
        row.name,
        row.role,
        disabled=row.disabled_at is not None,
    )
