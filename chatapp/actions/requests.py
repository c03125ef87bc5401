"""What every HTTP request goes through, whatever it asks for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from chatapp.errors import Busy, Conflict
from chatapp.store import answers, limits
from chatapp.types import Caller


def admit(caller: Caller) -> None:
    """One more request of this person. Raises TooFast."""
    limits.take("events", caller)


def admit_form(caller: Caller | None, *, address: str) -> None:
    """One more form of this person, or from this address by somebody unknown. Raises TooFast."""
    limits.take("forms", caller or limits.visitor(address))


def admit_reader(caller: Caller | None, *, address: str) -> None:
    """One more page for this person, or for somebody unknown at this address. Raises TooFast."""
    limits.take("pages", caller or limits.visitor(address))


def allowance(caller: Caller) -> tuple[int, int, float]:
    """(how many a minute, how many are left, seconds until there is room for one more)"""
    return tuple(limits.allowance("events", caller))  # type: ignore[return-value]


def once(
    caller: Caller,
    *,
    key: str,
    request: bytes,
    work: Callable[[], dict[str, Any]],
    secrets: frozenset[str],
) -> dict[str, Any]:
    """Do the work, or repeat what it answered when the same request came with this key before.

    `request` is all that makes it the same. A failure is not kept: the next try works again.
    Neither are `secrets`: fields of an answer that are said once, and missing when it is repeated.
    Raises Conflict when the key was used for another request, Busy while the first is at work.
    """
    name, digest = answers.fingerprint(key.encode()), answers.fingerprint(request)
    before = answers.begin(caller, name)
    if before is not None:
        return _repeat(before, digest)
    try:
        answer = work()
    except BaseException:
        with suppress(Busy):
            answers.drop(caller, name)
        raise
    with suppress(Busy):  # done is done: the answer must not be lost with the memory of it
        kept = {field: value for field, value in answer.items() if field not in secrets}
        answers.keep(caller, name, {"request": digest, "answer": kept})
    return answer


def _repeat(before: dict[str, Any], digest: str) -> dict[str, Any]:
    if not before:
        raise Busy("The first request with this Idempotency-Key is being worked on.", retry_after=1)
    if before["request"] != digest:
        raise Conflict("This Idempotency-Key was used for another request.")
    answer: dict[str, Any] = before["answer"]
    return answer
