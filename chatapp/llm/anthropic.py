"""Anthropic's messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from chatapp.llm import failures
from chatapp.llm.prompt import Access, Piece, Prompt, Usage

CONNECT, READ = 10.0, 60.0  # seconds
RETRIES = 2  # of what the SDK knows to be passing, with its own pauses


async def stream(prompt: Prompt, access: Access) -> AsyncIterator[Piece | Usage]:
    """The answer to a conversation. What the question costs it says first, the answer last.

    Raises Failure.
    """
    finished, asked = "", 0
    with _understood():
        answer: Any = await _client(access).messages.create(**_asked(prompt))
        async with answer:
            async for event in answer:
                if event.type == "message_start":
                    asked = event.message.usage.input_tokens
                    yield Usage(asked, event.message.usage.output_tokens)
                elif event.type == "content_block_delta" and event.delta.type == "text_delta":
                    yield Piece(event.delta.text)
                elif event.type == "message_delta":
                    finished = event.delta.stop_reason or finished
                    yield Usage(event.usage.input_tokens or asked, event.usage.output_tokens)
    failures.judge_end(finished, declined=("refusal",))


@contextmanager
def _understood() -> Iterator[None]:
    """The SDK's errors as ours, without what they quote."""
    import anthropic  # noqa: PLC0415 - a second, for those who have it configured

    try:
        yield
    except anthropic.APIStatusError as error:
        if error.status_code < 400:  # an error event in a stream that began well
            raise failures.Overloaded(type(error).__name__) from None
        retry_after = error.response.headers.get("retry-after")
        raise failures.by_status(error.status_code, retry_after=retry_after) from None
    except anthropic.APIConnectionError as error:
        raise failures.lost(error.__cause__) from None
    except anthropic.AnthropicError as error:
        raise failures.Overloaded(type(error).__name__) from None
    except failures.transport() as error:
        raise failures.lost(error) from None
    except failures.UNREADABLE as error:
        raise failures.unreadable(error) from None


def _asked(prompt: Prompt) -> dict[str, Any]:
    return {
        "model": prompt.model,
        "system": prompt.system,
        "messages": [{"role": turn.role, "content": turn.text} for turn in prompt.turns],
        "max_tokens": prompt.most_tokens,
        "stream": True,
    }


@cache
def _client(access: Access) -> Any:
    import httpx2  # noqa: PLC0415 - comes with the SDKs
    from anthropic import AsyncAnthropic  # noqa: PLC0415

    return AsyncAnthropic(
        api_key=access.key or "none",
        base_url=access.base_url or "https://api.anthropic.com",
        timeout=httpx2.Timeout(READ, connect=CONNECT),
        max_retries=RETRIES,
    )
