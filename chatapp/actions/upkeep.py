"""Throwing away what is not needed any more, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chatapp.store import aging, database, invitations, sessions, shard_log

_REMEMBERED = timedelta(days=1)  # so that whoever comes too late can still be told so


def trim() -> None:
    """Shorten the logs, never beyond what the record holds.

    Raises Busy without the database, and then throws nothing away: it could not answer who comes
    back and asks for it.
    """
    database.ping()
    for shard in shard_log.shards():
        shard_log.trim(shard)
        while aging.trim(shard) == aging.AT_ONCE:
            pass


def expire() -> None:
    """Forget sessions and invitations that ended a while ago. Their connections are closed long
    since: every worker asks about its own each minute.
    """
    before = datetime.now(UTC) - _REMEMBERED
    sessions.delete_ended(before)
    invitations.delete_expired(before)
