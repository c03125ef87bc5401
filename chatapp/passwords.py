"""Keeping passwords: argon2id, away from the greenlets.

A hash costs some 40 ms of processor. Under eventlet it runs in a thread, or the whole worker
would stand still; nothing here touches the database, which must never be used from such a thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask import current_app

from chatapp.errors import InvalidPayload

T = TypeVar("T")

_MOST = 200  # characters: enough for anybody, too few to keep the processor busy with

_hasher = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
# Nobody's password. Who asks for an unknown person waits as long as who asks for a known one.
_NOBODY = (
    "$argon2id$v=19$m=32768,t=3,p=1$Mk8IaNSLJmmzoujpKiqUAA"
    "$UGRXBDrWbw8RAPghxhBhBuqV3jBOTssaobXpQzY8kgU"
)


def choose(password: str) -> str:
    """What to store instead of a new password. Raises InvalidPayload when it is too short."""
    least = current_app.config["PASSWORD_MIN"]
    if not least <= len(password) <= _MOST:
        raise InvalidPayload(
            details={"password": [f"Use at least {least} characters, and at most {_MOST}."]}
        )
    return keep(password)


def keep(password: str) -> str:
    """What to store instead of a password that is in use already."""
    return _aside(lambda: _hasher.hash(password))


def matches(password: str, kept: str | None) -> bool:
    """Is it the one that was kept? For None, nobody's, it takes the same time and is never true."""
    return _aside(lambda: _verify(kept or _NOBODY, password)) and kept is not None


def is_outdated(kept: str) -> bool:
    """Kept with weaker settings than today's: keep it anew while the password is at hand."""
    return _hasher.check_needs_rehash(kept)


def _verify(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _aside(work: Callable[[], T]) -> T:
    if current_app.config["ASYNC_MODE"] != "eventlet":
        return work()
    from eventlet import tpool  # noqa: PLC0415 - only where eventlet already runs

    return tpool.execute(work)  # type: ignore[no-any-return]
