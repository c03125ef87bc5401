"""What is in no hurry: it leaves with whatever is said to that client next, at the latest in
half a second. While many come and go, each of the others is told of many in one send.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatapp.engine.loop import Loop

_WITHIN = 0.5  # seconds
_AT_ONCE = 512  # clients; the others a tick later, so that reading is not starved


class Later:
    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._waiting: list[Any] = []  # who has something in `later`
        self._waking = False

    def tell(self, speakers: Iterable[Any], data: bytes) -> None:
        """As Loop.tell. Those for whom the same waits share it, too."""
        wait = self._waiting.append
        before: bytes | None = None
        after = data
        for speaker in speakers:
            later = speaker.later
            if speaker.out is not None:  # it leaves anyway, and what we say comes after it
                speaker.out += data
            elif later is None:
                speaker.later = data
                wait(speaker)
            elif later is before:
                speaker.later = after
            else:
                before = later
                speaker.later = after = later + data
        if self._waiting and not self._waking:
            self._wake_in(_WITHIN)

    def _wake_in(self, seconds: float) -> None:
        self._waking = True
        self._loop.hub.schedule_call_global(seconds, self._let_out)

    def _let_out(self) -> None:
        self._waking = False
        some, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
        if self._waiting:
            self._wake_in(0)
        self._loop.say_what_waits(some)
