"""Clients in no namespace, which have not said whose they are: since when, and how many from where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from ipaddress import IPv6Address, IPv6Network
from threading import Lock

_OF_ONE = 64  # bits of an IPv6 address that a subscriber is given; the others they choose


def network(address: str) -> str:
    """What to count somebody by who may be many: an IPv4 address, or the IPv6 network of one
    subscriber, who has 2**64 addresses in it to come from.
    """
    if ":" not in address:
        return address
    try:
        ip = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ip.ipv4_mapped or IPv6Network((int(ip), _OF_ONE), strict=False))


class Strangers:
    """Under a lock: the plain engine may have a thread for each connection."""

    def __init__(self, per_address: int) -> None:
        self._lock = Lock()
        self._per_address = per_address
        self._since: dict[str, float] = {}  # by Engine.IO's sid
        self._origin: dict[str, str] = {}  # of those that came from one
        self._from = Counter[str]()

    def crowd(self, address: str) -> bool:
        """Whether no more may come from there now."""
        return self._from[network(address)] >= self._per_address

    def come(self, sid: str, address: str, now: float) -> None:
        origin = network(address)
        with self._lock:
            self._since[sid], self._origin[sid] = now, origin
            self._from[origin] += 1

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
        origin = self._origin.pop(sid, None)
        if origin is None:
            return
        self._from[origin] -= 1
        if not self._from[origin]:
            del self._from[origin]
