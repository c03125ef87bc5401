"""Who can answer questions: what the workers say they reach, and the rooms to which none of them comes."""

from __future__ import annotations

import json
from dataclasses import asdict
from time import time
from typing import Any

from flask import current_app

from chatapp.store import keys
from chatapp.store.connection import asking, redis
from chatapp.types import Embedder, Room

_HEARD = 30  # seconds that a worker's word counts
_FORGOTTEN = 600  # seconds


def say(reached: list[str], embedder: Embedder | None = None) -> None:
    """There is a worker, and it reaches these providers, and this for embeddings. Raises Busy."""
    with asking():
        redis.set(keys.ASSISTANT_PROVIDERS, json.dumps(reached), ex=_HEARD)
        if embedder:
            redis.set(keys.ASSISTANT_EMBEDDER, json.dumps(asdict(embedder)), ex=_HEARD)
        else:
            redis.delete(keys.ASSISTANT_EMBEDDER)


def reachable() -> list[str] | None:
    """What the workers reach beside the librarian; None when there is none. Raises Busy."""
    with asking():
        said: Any = redis.get(keys.ASSISTANT_PROVIDERS)
    return json.loads(said) if said else None


def embedder() -> Embedder | None:
    """What the workers embed texts with. Raises Busy."""
    with asking():
        said: Any = redis.get(keys.ASSISTANT_EMBEDDER)
    return Embedder(**json.loads(said)) if said else None


def sweep_is_due() -> bool:
    """Whether the caller is the one to sweep now; the others who ask are told no for a while."""
    wait = round(current_app.config["ASSISTANT_SWEEP_EVERY"] * 900)
    with asking():
        return bool(redis.set(keys.ASSISTANT_SWEPT, "1", nx=True, px=wait))


def left_alone(deserted: list[Room]) -> list[Room]:
    """Those of the rooms without anybody that were so for too long; the clock starts anew for each."""
    now, most = time(), float(current_app.config["ASSISTANT_LEFT"])
    names = {f"{room.tenant_id} {room.id}": room for room in deserted}
    with asking():
        since: dict[str, str] = redis.hgetall(keys.ASSISTANT_LEFT)  # type: ignore[assignment]
        late = [name for name in names if now - float(since.get(name, now)) > most]
        pipe = redis.pipeline(transaction=False)
        for name in [*(set(since) - set(names)), *late]:
            pipe.hdel(keys.ASSISTANT_LEFT, name)
        for name in set(names) - set(since):
            pipe.hset(keys.ASSISTANT_LEFT, name, repr(now))
        pipe.expire(keys.ASSISTANT_LEFT, _FORGOTTEN)
        pipe.execute()
    return [names[name] for name in late]
