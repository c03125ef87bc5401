"""A limit in this worker's own memory: so many at once, and so many a second after that."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic


@dataclass(slots=True)
class Bucket:
    left: float
    since: float = field(default_factory=monotonic)

    def take(self, *, most: float, per_second: float) -> float:
        """0.0 when there was one to take, else the seconds until there is."""
        now = monotonic()
        self.left = min(most, self.left + (now - self.since) * per_second)
        self.since = now
        if self.left < 1:
            return (1 - self.left) / per_second
        self.left -= 1
        return 0.0
