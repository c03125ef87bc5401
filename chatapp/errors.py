"""What can go wrong, as callers see it.

ChatError             500  internal         yes   a fault of ours
├── NotSignedIn       401  not_signed_in
├── NotAllowed        403  not_allowed
├── Blocked           403  blocked
├── NotFound          404  not_found              also when the caller may not know of it
│   └── RoomNotFound  404  room_not_found
├── Conflict          409  conflict
├── TooLarge          413  too_large
├── InvalidPayload    422  invalid_payload        details: field -> reasons
├── TooFast           429  too_fast         yes   carries retry_after
├── Busy              503  busy             yes   Redis or the database did not answer
├── BudgetExceeded    402  budget_exceeded        details: scope, left, renews_at
└── AssistantUnavailable
                      503  assistant_unavailable  yes

The third column says whether trying again helps.
"""

from __future__ import annotations

from typing import ClassVar


class ChatError(Exception):
    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = True
    message: str = "Something went wrong on our side. Try again in a moment."

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after: float | None = None,
        details: dict[str, object] | None = None,
    ) -> None:
        self.message = message or type(self).message
        super().__init__(self.message)
        self.retry_after = retry_after
        self.details = details or {}

    def envelope(self, request_id: str) -> dict[str, object]:
        """The one shape every door answers a failure with."""
        error: dict[str, object] = {
            "code": self.code,
            "message": self.message,
            "retryable": self.retryable,
            "details": self.details,
            "request_id": request_id,
        }
        if self.retry_after is not None:
            error["retry_after"] = round(self.retry_after, 1)
        return {"ok": False, "error": error}


class NotSignedIn(ChatError):
    code, status, retryable = "not_signed_in", 401, False
    message = "Sign in to continue."


class NotAllowed(ChatError):
    code, status, retryable = "not_allowed", 403, False
    message = "You can't do that here."


class Blocked(ChatError):
    code, status, retryable = "blocked", 403, False
    message = "This account is closed. Ask an administrator of your workspace."


class NotFound(ChatError):
    code, status, retryable = "not_found", 404, False
    message = "There is no such thing."


class RoomNotFound(NotFound):
    code, message = "room_not_found", "There is no such room."


class Conflict(ChatError):
    code, status, retryable = "conflict", 409, False
    message = "It has changed in the meantime. Look again before you try once more."


class TooLarge(ChatError):
    code, status, retryable = "too_large", 413, False
    message = "This is too long. Shorten it and send it again."


class InvalidPayload(ChatError):
    code, status, retryable = "invalid_payload", 422, False
    message = "Some fields are missing or malformed."


class TooFast(ChatError):
    code, status, retryable = "too_fast", 429, True
    message = "You're going a little fast. Wait a moment."


class Busy(ChatError):
    code, status, retryable = "busy", 503, True
    message = "The server is busy. Your message is kept; it is sent again by itself."


class BudgetExceeded(ChatError):
    code, status, retryable = "budget_exceeded", 402, False
    message = "The assistant's budget for this month is used up."


class AssistantUnavailable(ChatError):
    code, status, retryable = "assistant_unavailable", 503, True
    message = "The assistant can't answer right now. Try again in a moment."
