"""How a provider can fail, as the people in the room are told.

Failure               provider_failed
├── Refused           provider_refused        the key, the model or the question
├── RateLimited       provider_rate_limited   carries retry_after when the provider said it
├── Overloaded        provider_overloaded     its own fault, or nobody answers there
│   └── Broken                                it broke over this request
├── TimedOut          provider_timed_out      nothing came for too long
├── Cut               provider_cut            the connection ended before the answer did
└── Garbage           provider_garbage        what came is no answer

`detail` is for the log: a status or the name of an error, never what was asked, said or presented.
"""

from __future__ import annotations

from typing import ClassVar


class Failure(Exception):
    code: ClassVar[str] = "provider_failed"
    message: ClassVar[str] = "The model could not answer."
    retryable: ClassVar[bool] = True

    def __init__(self, detail: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(f"{self.code}: {detail}" if detail else self.code)
        self.detail = detail
        self.retry_after = retry_after


class Refused(Failure):
    code, retryable = "provider_refused", False
    message = "The provider refused the request. An administrator should look at its settings."


class Declined(Refused):
    message = "The model declined to answer this."


class RateLimited(Failure):
    code = "provider_rate_limited"
    message = "The provider gets too many requests. Try again in a moment."


class Overloaded(Failure):
    code = "provider_overloaded"
    message = "The provider can't answer right now. Try again in a moment."


class Broken(Overloaded):
    """It may be the request: some servers break over what they should refuse."""


class TimedOut(Failure):
    code = "provider_timed_out"
    message = "The provider took too long to answer."


class Cut(Failure):
    code = "provider_cut"
    message = "The connection to the provider broke before the answer was complete."


class Garbage(Failure):
    code = "provider_garbage"
    message = "The provider's answer could not be understood."


def by_status(status: int, *, retry_after: str | None = None) -> Failure:
    """What an HTTP status of a provider means."""
    detail = f"status {status}"
    if status == 429:
        return RateLimited(detail, retry_after=_seconds(retry_after))
    if status in (408, 504):
        return TimedOut(detail)
    if status == 500:
        return Broken(detail, retry_after=_seconds(retry_after))
    if status > 500:
        return Overloaded(detail, retry_after=_seconds(retry_after))
    return Refused(detail)


def unreadable(error: Exception) -> Garbage:
    """What reading an answer ended with, when it was not what the SDK expects."""
    return Garbage(type(error).__name__)


def judge_end(finished: str, *, declined: tuple[str, ...]) -> None:
    """A stream that ended without saying why was cut. Raises Cut, Declined."""
    if not finished:
        raise Cut("no end")
    if finished in declined:
        raise Declined(finished)


def lost(error: BaseException | None) -> Failure:
    """What an error of the HTTP client under all three SDKs means."""
    import httpx2  # noqa: PLC0415 - comes with the SDKs

    name = type(error).__name__
    if isinstance(error, httpx2.TimeoutException) and not isinstance(error, httpx2.ConnectTimeout):
        return TimedOut(name)
    unconnected = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
    return Overloaded(name) if unconnected else Cut(name)


def transport() -> type[Exception]:
    """The root of those errors."""
    import httpx2  # noqa: PLC0415

    return httpx2.TransportError


UNREADABLE = (ValueError, TypeError, AttributeError, KeyError, IndexError)


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None  # a date: the sender will find its own pause
