"""Greenlets that wait for work: a connection has none of its own, a message in hand borrows one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import greenlet

log = logging.getLogger(__name__)

_IDLE = 256  # so many are kept for the next; each costs some kilobytes

Job = Callable[[], None]


class Crew:
    """Runs jobs at once, each until it first waits for something."""

    def __init__(self, hub: Any) -> None:
        self._hub = hub
        self._idle: list[_Hand] = []

    def run(self, job: Job) -> None:
        """From the hub: at once. From a greenlet, which must not become somebody's parent: soon."""
        hand = self._idle.pop() if self._idle else _Hand(self._live, self._hub.greenlet)
        hand.job = job
        if greenlet.getcurrent() is self._hub.greenlet:
            hand.switch()
        else:
            self._hub.schedule_call_global(0, hand.switch)

    def rest(self) -> None:
        """Called by a job that has had its turn: let the others have theirs, then go on."""
        self._hub.schedule_call_global(0, greenlet.getcurrent().switch)
        self._hub.switch()

    def _live(self) -> None:
        me: Any = greenlet.getcurrent()
        while True:
            job, me.job = me.job, None
            try:
                job()
            except Exception:
                log.exception("job failed")
            del job  # it may hold a connection, and this greenlet may rest for long
            if len(self._idle) >= _IDLE:
                return
            self._idle.append(me)
            # hub.switch() would see to it first that the hub is our parent: 1 µs.
            if me.parent is self._hub.greenlet:
                me.parent.switch()
            else:
                self._hub.switch()


class _Hand(greenlet.greenlet):
    job: Any = None
