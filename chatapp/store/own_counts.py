"""What a worker counts by itself while Redis is away. Bounded: an attack must not fill the memory."""

from __future__ import annotations

import time
from typing import Any

_MINUTE = 60.0
_AT_MOST = 10_000  # names of each kind; the oldest are forgotten first


class OwnCounts:
    def __init__(self) -> None:
        self.hits: dict[str, tuple[int, int, int]] = {}  # minute, hits in it, in the one before
        self.failures: dict[str, tuple[int, float]] = {}  # how many, until when to wait

    def hit(self, name: str, limit: int) -> bool:
        """Count one, unless this minute and what still weighs of the last one are used up."""
        if self._weight(name) + 1 > limit:
            return False
        minute, current, before = self._window(name)
        _keep(self.hits, name, (minute, current + 1, before))
        return True

    def left(self, name: str, limit: int) -> tuple[int, float]:
        """How many are left, and the seconds after which there are more."""
        weight = self._weight(name)
        return max(0, int(limit - weight)), _MINUTE - time.time() % _MINUTE

    def attempt(self, name: str, free: int, first_wait: float, longest_wait: float) -> float:
        """The same rule as lua/attempt.lua."""
        now = time.monotonic()
        count, until = self.failures.get(name, (0, 0.0))
        if now < until:
            return until - now
        wait = min(first_wait * 2 ** (count + 1 - free), longest_wait) if count + 1 >= free else 0
        _keep(self.failures, name, (count + 1, now + wait))
        return 0.0

    def forgive(self, name: str, at_most: int) -> int:
        """The same rule as lua/forgive.lua."""
        count, _ = self.failures.pop(name, (0, 0.0))
        left = max(0, count - at_most)
        if left:
            _keep(self.failures, name, (left, 0.0))
        return count - left

    def _weight(self, name: str) -> float:
        _, current, before = self._window(name)
        return current + before * (1 - time.time() % _MINUTE / _MINUTE)

    def _window(self, name: str) -> tuple[int, int, int]:
        now = int(time.time() // _MINUTE)
        minute, current, before = self.hits.get(name, (now, 0, 0))
        if minute == now:
            return now, current, before
        return now, 0, current if minute == now - 1 else 0


def _keep(kept: dict[str, Any], name: str, value: object) -> None:
    kept.pop(name, None)
    kept[name] = value
    if len(kept) > _AT_MOST:
        del kept[next(iter(kept))]
