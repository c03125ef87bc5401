"""What waits to be sent to one client, and no more of it than one client is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def bounded(queue_class: Any, *, packets: int, size: int) -> Any:
    """A queue for Engine.IO that gives up on a client who does not read, instead of remembering
    everything for it.

    Beyond `packets` or `size` bytes it forgets what it holds, calls `on_overflow` and takes nothing
    any more. The client comes back later and resumes from the log.
    """

    class Outbox(queue_class):
        on_overflow: Callable[[], None] | None = None
        _held = 0
        _overflowed = False

        def _put(self, packet: Any) -> None:
            if self._overflowed and packet is not None:
                return
            super()._put(packet)
            self._held += _size(packet)
            if len(self.queue) > packets or self._held > size:
                self._overflow()

        def _get(self) -> Any:
            packet = super()._get()
            self._held -= _size(packet)
            return packet

        def _overflow(self) -> None:
            self._overflowed = True
            self.queue.clear()
            self._held = 0
            super()._put(None)  # to Engine.IO's writer: the end
            if self.on_overflow:
                self.on_overflow()

    return Outbox


def _size(packet: Any) -> int:
    data = getattr(packet, "data", None)
    return len(data) if isinstance(data, str | bytes) else 64
