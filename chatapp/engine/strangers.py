"""Clients in no namespace, which have not said whose they are: since when, and how many from where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from threading import Lock


class Strangers:
    """Under a lock: the plain engine may have a thread for each connection."""

    def __init__(self, per_address: int) -> None:
        self._lock = Lock()
        self._per_address = per_address
        self._since: dict[str, float] = {}  # by Engine.IO's sid
        self._address: dict[str, str] = {}  # of those that came from one
        self._from = Counter[str]()

    def crowd(self, address: str) -> bool:
        """Whether no more may come from there now."""
        return self._from[address] >= self._per_address

    def come(self, sid: str, address: str, now: float) -> None:
        with self._lock:
            self._since[sid], self._address[sid] = now, address
            self._from[address] += 1

    def since(self, sid: str, now: float) -> float:
        """When it came, or was first seen to be in no namespace any more."""
        with self._lock:
            return self._since.setdefault(sid, now)

    def forget(self, sid: str) -> None:
        with self._lock:
            self._forget(sid)

    def forget_all_but(self, sids: Container[str]) -> None:
        with self._lock:
            for gone in [sid for sid in self._since if sid not in sids]:
                self._forget(gone)

    def _forget(self, sid: str) -> None:
        self._since.pop(sid, None)
        address = self._address.pop(sid, None)
        if address is None:
            return
        self._from[address] -= 1
        if not self._from[address]:
            del self._from[address]
