"""Google's Gemini."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cache
from typing import Any

from chatapp.llm import failures
from chatapp.llm.prompt import Access, Piece, Prompt, Usage

READ = 60_000  # ms
ATTEMPTS = 3
_ROLES = {"user": "user", "assistant": "model"}
_DECLINED = ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII")


async def stream(prompt: Prompt, access: Access) -> AsyncIterator[Piece | Usage]:
    """The answer to a conversation. Raises Failure."""
    from google.genai import errors  # noqa: PLC0415 - a second, for those who have it configured

    finished = ""
    try:
        models = _client(access).aio.models
        answer: Any = await models.generate_content_stream(**_asked(prompt))
        async for chunk in answer:
            for candidate in (chunk.candidates or [])[:1]:
                finished = getattr(candidate.finish_reason, "name", None) or finished
                if text := _text(candidate):
                    yield Piece(text)
            if chunk.usage_metadata:
                yield _usage(chunk.usage_metadata)
    except errors.APIError as error:
        response = getattr(error.response, "headers", None) or {}
        retry_after = response.get("retry-after")
        raise failures.by_status(int(error.code or 500), retry_after=retry_after) from None
    except (errors.UnknownApiResponseError, *failures.UNREADABLE) as error:
        raise failures.unreadable(error) from None
    except failures.transport() as error:
        raise failures.lost(error) from None
    failures.judge_end(finished, declined=_DECLINED)


def _text(candidate: Any) -> str:
    parts = (candidate.content.parts if candidate.content else None) or []
    return "".join(part.text or "" for part in parts if not part.thought)


def _usage(told: Any) -> Usage:
    """What it thought is paid for like what it said."""
    written = (told.candidates_token_count or 0) + (told.thoughts_token_count or 0)
    return Usage(told.prompt_token_count or 0, written)


def _asked(prompt: Prompt) -> dict[str, Any]:
    turns = [{"role": _ROLES[turn.role], "parts": [{"text": turn.text}]} for turn in prompt.turns]
    return {
        "model": prompt.model,
        "contents": turns,
        "config": {
            "system_instruction": prompt.system,
            "max_output_tokens": prompt.most_tokens,
        },
    }


@cache
def _client(access: Access) -> Any:
    from google import genai  # noqa: PLC0415

    return genai.Client(
        api_key=access.key or "none",
        vertexai=False,
        http_options={
            "base_url": access.base_url or "https://generativelanguage.googleapis.com",
            "timeout": READ,
            "retry_options": {"attempts": ATTEMPTS},
        },
    )
