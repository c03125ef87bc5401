"""Who gives passages their vectors: one at a time, of all threads and processes, so that none is paid
for twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

from chatapp.errors import Busy
from chatapp.store import keys
from chatapp.store.connection import asking, redis, run_lua

_LEASE = 60_000  # ms; a request takes 30 s at most, and then its vectors are kept


@contextmanager
def turn() -> Iterator[str | None]:
    """The token of the only one who does it; None: somebody else does. Raises Busy."""
    token = uuid4().hex
    with asking():
        held = bool(redis.set(keys.EMBEDDING, token, nx=True, px=_LEASE))
    try:
        yield token if held else None
    finally:
        if held:
            with suppress(Busy):  # it ends by itself
                run_lua("give_back", [keys.EMBEDDING], [token])


def is_on(token: str) -> bool:
    """Whether it is still this one's turn, as it is from now on for long enough to make a request.
    Raises Busy.
    """
    return bool(run_lua("renew", [keys.EMBEDDING], [token, _LEASE]))
