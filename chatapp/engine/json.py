"""JSON on the wire: orjson, and the standard library for the little that it refuses.

`Fragment` marks JSON that is already written: what the log keeps goes to the clients as it is.
Stands in for the `json` module where python-socketio asks for one.
"""

from __future__ import annotations

import json
from typing import Any

import orjson
from orjson import Fragment

__all__ = ["Fragment", "dump", "dumps", "loads"]


def dump(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # half a surrogate pair, an integer beyond 64 bits, a key that is no text
        return json.dumps(value, separators=(",", ":")).encode()


def dumps(value: object, **_how: Any) -> str:
    return dump(value).decode()


def loads(text: str | bytes, **_how: Any) -> Any:
    """Raises ValueError or RecursionError for what is not JSON."""
    try:
        return orjson.loads(text)
    except ValueError:  # it refuses half a surrogate pair, which browsers send
        return json.loads(text)
