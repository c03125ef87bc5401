"""What was answered to whom, for a day: a request repeated under its Idempotency-Key is not done
again.
"""

from __future__ import annotations

import hmac
import json
from typing import Any

from flask import current_app

from chatapp.store import keys
from chatapp.store.connection import asking, redis
from chatapp.types import Caller

_KEEP = 24 * 3600  # seconds
_AT_WORK = 60  # seconds until a request that never came to an answer may be tried again


def fingerprint(said: bytes) -> str:
    """The same for the same, and by our key: a request may hold a password, and whoever reads Redis
    must not be able to try passwords against it.
    """
    key = f"answers {current_app.config['SECRET_KEY']}".encode()
    return hmac.new(key, said, "sha256").hexdigest()


def begin(caller: Caller, name: str) -> dict[str, Any] | None:
    """None: nobody is at it, and the next who asks waits for us. Else what we said last time, or
    {} while somebody is still working on it. Raises Busy.
    """
    key = keys.answer(caller.tenant_id, caller.user_id, name)
    with asking():
        if redis.set(key, "{}", nx=True, ex=_AT_WORK):
            return None
        return json.loads(redis.get(key) or "{}")  # type: ignore[no-any-return]


def keep(caller: Caller, name: str, answer: dict[str, Any]) -> None:
    key = keys.answer(caller.tenant_id, caller.user_id, name)
    with asking():
        redis.set(key, json.dumps(answer), ex=_KEEP)


def drop(caller: Caller, name: str) -> None:
    """It failed: whoever asks again has it done."""
    with asking():
        redis.delete(keys.answer(caller.tenant_id, caller.user_id, name))
