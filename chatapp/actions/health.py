"""Whether a person could chat here."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from chatapp import metrics
from chatapp.errors import Busy
from chatapp.store import control, probes, record, tail


def ready() -> tuple[bool, dict[str, Any]]:
    """Whether to send people to this worker, and what was looked at. Within a second and a half.

    Redis must take writes, and the logs and the control log must be read: without these nobody can
    chat. The database must answer before the first people come, who have to sign in; later it may
    be away, because chat goes on without it: those who are here send and receive, and taking every
    worker out of service would end that and help nobody. The record may lag for as long as that.
    """
    answers, lag = probes.ask_all(), tail.lag()
    follows = lag is not None and lag < tail.unhealthy_after()
    checks: dict[str, dict[str, Any]] = {
        "redis": {"ok": bool(answers["redis"])},
        "database": {"ok": bool(answers["database"])},
        "tailer": {"ok": follows, "lag": _seconds(lag)},
        "control": {"ok": control.trusted()},
        "record": {"ok": answers["record"] is not None, "lag": _seconds(answers["record"])},
    }
    needed = all(checks[name]["ok"] for name in ("redis", "tailer", "control"))
    if needed and answers["database"]:
        probes.open_for_business()
    return needed and probes.is_open(), checks


def count() -> None:
    """Bring up to date what is counted in the database, when it answers."""
    with suppress(Busy):
        metrics.dead_letters.set(record.buried())


def _seconds(lag: float | None) -> float | None:
    return None if lag is None else round(lag, 1)
