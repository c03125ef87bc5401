"""One question for all who ask within a turn of the hub: as a rule many come at once, or nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import greenlet
from eventlet import hubs


class Together:
    """`ask` is called with what everybody asks about, by the first of them, once the turn is over.
    It may wait; who comes meanwhile asks with the next.
    """

    def __init__(self, ask: Callable[[list[Any]], Any]) -> None:
        self._ask = ask
        self._open: _Round | None = None  # whoever asks now is in time for it

    def __call__(self, about: Any) -> Any:
        """The answer to everybody. Raises what asking raised."""
        hub, others = hubs.get_hub(), self._open
        if others is not None:
            return others.wait(about, hub)
        self._open = others = _Round(about)
        turn_is_over = hub.schedule_call_global(0, greenlet.getcurrent().switch)
        try:
            try:
                hub.switch()
            finally:
                turn_is_over.cancel()
                self._open = None
            answer = self._ask(others.about)
        except Exception as error:
            others.end(hub, None, error)
            raise
        except BaseException:  # we are stopped, they are not
            others.end(hub, None, RuntimeError("who asked for all was stopped"))
            raise
        others.end(hub, answer, None)
        return answer


class _Round:
    def __init__(self, about: Any) -> None:
        self.about = [about]
        self._waiting: set[Any] = set()

    def wait(self, about: Any, hub: Any) -> Any:
        me = greenlet.getcurrent()
        self.about.append(about)
        self._waiting.add(me)
        try:
            answer, error = hub.switch()
        finally:
            self._waiting.discard(me)
        if error is not None:
            raise error
        return answer

    def end(self, hub: Any, answer: Any, error: Exception | None) -> None:
        """Soon: nobody but the hub's own greenlet may wake others, for they come back to it."""
        if self._waiting:
            hub.schedule_call_global(0, self._wake, hub, answer, error)

    def _wake(self, hub: Any, answer: Any, error: Exception | None) -> None:
        try:
            while self._waiting:
                self._waiting.pop().switch((answer, error))
        finally:
            self.end(hub, answer, error)  # who dies of it must not take the others along
