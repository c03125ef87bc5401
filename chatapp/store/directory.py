"""The names of a workspace's people, kept in memory: who is meant by "@Ada"."""

from __future__ import annotations

import re
from time import monotonic
from typing import NamedTuple

from flask import Flask, current_app
from sqlalchemy import select

from chatapp.errors import Busy
from chatapp.store.database import reading
from chatapp.store.tables import users
from chatapp.types import assistant_id

_FRESH = 60.0  # seconds; people_changed on the control stream forgets earlier


class _Names(NamedTuple):
    since: float
    pattern: re.Pattern[str] | None
    ids: dict[str, str]  # case-folded name -> user id


def init_app(app: Flask) -> None:
    app.extensions["directory"] = {}


def mentioned(tenant_id: str, body: str) -> list[str]:
    """The ids of the people named with @ in the text, each once, in order.

    The whole display name, in any case, not followed by more of a word; of two names that fit the
    longer one. With the database down, by the names known so far: a message matters more than its
    badge.
    """
    if "@" not in body:
        return []
    names = _names(tenant_id)
    if names.pattern is None:
        return []
    found = [name.casefold() for name in names.pattern.findall(body)]
    # A pattern is more generous with case than casefold(): it takes a dotless ı for an i.
    return list(dict.fromkeys(names.ids[name] for name in found if name in names.ids))


def forget(tenant_id: str) -> None:
    current_app.extensions["directory"].pop(tenant_id, None)


def _names(tenant_id: str) -> _Names:
    known: dict[str, _Names] = current_app.extensions["directory"]
    names = known.get(tenant_id)
    if names and monotonic() - names.since < _FRESH:
        return names
    try:
        known[tenant_id] = names = _read(tenant_id)
    except Busy:
        names = names or _Names(0.0, None, {})
    return names


def _read(tenant_id: str) -> _Names:
    query = select(users.c.name, users.c.id).where(
        users.c.workspace_id == tenant_id, users.c.disabled_at.is_(None)
    )
    with reading() as connection:
        ids = {name.casefold(): user_id for name, user_id in connection.execute(query)}
    ours = assistant_id(tenant_id)
    if ours in ids.values():
        ids.setdefault("assistant", ours)  # whatever it had to be called here
    longest_first = sorted(ids, key=len, reverse=True)
    pattern = rf"(?<!\w)@({'|'.join(map(re.escape, longest_first))})(?!\w)" if ids else ""
    return _Names(monotonic(), re.compile(pattern, re.IGNORECASE) if ids else None, ids)
