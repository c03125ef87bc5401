"""Workspaces, and the powers over one that the operator of the machine has."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from uuid_utils import uuid7

from chatapp import passwords, text
from chatapp.errors import InvalidPayload, NotAllowed, NotFound
from chatapp.store import control, limits, users, workspaces
from chatapp.types import OPERATOR, Caller, User, Workspace

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def create(*, slug: str, name: str) -> Workspace:
    """Raises InvalidPayload, Conflict."""
    workspace = _new(slug, name)
    workspaces.add(workspace)
    return workspace


def sign_up(
    *, slug: str, workspace_name: str, email: str, name: str, password: str, address: str
) -> tuple[Workspace, User]:
    """A new workspace and its owner. Raises InvalidPayload, Conflict, TooFast."""
    limits.take("sign_up", limits.visitor(address))
    workspace, kept = _new(slug, workspace_name), passwords.choose(password)
    return workspace, users.add_founder(workspace, email=email, name=name, password_hash=kept)


def suspend(caller: Caller) -> None:
    """Nobody of this workspace comes in any more, and who is in is sent away. For the operator."""
    _only_the_operator(caller)
    workspaces.suspend(caller.tenant_id, at=datetime.now(UTC))
    control.say("workspace_suspended", caller.tenant_id)


def restore(caller: Caller) -> None:
    """Open again for everybody, with everything that was said."""
    _only_the_operator(caller)
    workspaces.suspend(caller.tenant_id, at=None)


def _only_the_operator(caller: Caller) -> None:
    if not caller.is_operator:
        raise NotAllowed


def _new(slug: str, name: str) -> Workspace:
    if not _SLUG.fullmatch(slug):
        words = "Use up to 40 lower-case letters, digits and hyphens."
        raise InvalidPayload(words, details={"slug": [words]})
    return Workspace(str(uuid7()), slug, _proper(name))


def _proper(name: str) -> str:
    name = text.clean_name(name)
    if not 1 <= len(name) <= text.NAME_MAX:
        words = f"Use between 1 and {text.NAME_MAX} visible characters."
        raise InvalidPayload(words, details={"workspace_name": [words]})
    return name


def operator(slug: str) -> Caller:
    """Whoever runs the machine, acting as an owner of this workspace. Raises NotFound."""
    workspace = workspaces.by_slug(slug)
    if workspace is None:
        raise NotFound(f"There is no workspace {slug}.")
    return Caller(workspace.id, OPERATOR, "Operator", "owner")
