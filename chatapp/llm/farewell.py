"""Whether this process was told to stop: it begins no answer any more, and those it writes have a while."""

from __future__ import annotations

from time import monotonic


class _Farewell:
    until: float | None = None


_ours = _Farewell()


def begin(within: float) -> None:
    """Answers may go on for so many seconds; being told again gives them no more."""
    if _ours.until is None:
        _ours.until = monotonic() + within


def is_begun() -> bool:
    return _ours.until is not None


def is_over() -> bool:
    return _ours.until is not None and monotonic() > _ours.until
