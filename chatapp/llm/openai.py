"""OpenAI, and every server that speaks its language: llama.cpp, vLLM, Ollama and others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from chatapp.llm import failures
from chatapp.llm.prompt import Access, Piece, Prompt, Usage, server_of

CONNECT, READ = 10.0, 60.0  # seconds
RETRIES = 2  # of what the SDK knows to be passing, with its own pauses
_ADDRESS = "https://api.openai.com/v1"


async def stream(prompt: Prompt, access: Access) -> AsyncIterator[Piece | Usage]:
    """The answer of a chat completion. Raises Failure."""
    finished = ""
    with _understood():
        answer: Any = await _client(access).chat.completions.create(**_asked(prompt, access))
        async with answer:
            async for chunk in answer:
                for choice in chunk.choices:
                    finished = choice.finish_reason or finished
                    if text := choice.delta.content or getattr(choice.delta, "refusal", None):
                        yield Piece(text)
                if chunk.usage:
                    yield Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
    failures.judge_end(finished, declined=("content_filter",))


async def vectors(
    model: str, texts: list[str], access: Access
) -> AsyncIterator[tuple[list[Any], Any]]:
    """One of each text, in their order, and how many tokens they have, if the server is what it says
    and says so. Raises Failure. Not tried again: whoever asks has another way, or comes again.
    """
    with _understood():
        # As numbers: not every server knows the SDK's own default.
        answer: Any = await (
            _client(access)
            .with_options(max_retries=0)
            .embeddings.create(model=model, input=texts, encoding_format="float")
        )
        found = [each.embedding for each in sorted(answer.data, key=lambda each: each.index)]
        yield found, getattr(answer.usage, "prompt_tokens", None)


def server(access: Access) -> str:
    """Who is asked."""
    return server_of(access.base_url or _ADDRESS)


@contextmanager
def _understood() -> Iterator[None]:
    """The SDK's errors as ours, without what they quote."""
    import openai  # noqa: PLC0415 - a second, for those who have it configured

    try:
        yield
    except openai.APIStatusError as error:
        retry_after = error.response.headers.get("retry-after")
        raise failures.by_status(error.status_code, retry_after=retry_after) from None
    except openai.APIConnectionError as error:
        raise failures.lost(error.__cause__) from None
    except openai.OpenAIError as error:  # it says so in the middle of the stream
        raise failures.Overloaded(type(error).__name__) from None
    except failures.transport() as error:
        raise failures.lost(error) from None
    except failures.UNREADABLE as error:
        raise failures.unreadable(error) from None


def _asked(prompt: Prompt, access: Access) -> dict[str, Any]:
    turns = [{"role": turn.role, "content": turn.text} for turn in prompt.turns]
    # OpenAI's newer models refuse the older word, other servers do not know the newer one.
    limit = "max_tokens" if access.base_url else "max_completion_tokens"
    return {
        "model": prompt.model,
        "messages": [{"role": "system", "content": prompt.system}, *turns],
        "stream": True,
        "stream_options": {"include_usage": True},
        limit: prompt.most_tokens,
    }


@cache
def _client(access: Access) -> Any:
    import httpx2  # noqa: PLC0415 - comes with the SDKs
    from openai import AsyncOpenAI  # noqa: PLC0415

    return AsyncOpenAI(
        api_key=access.key or "none",
        base_url=access.base_url or _ADDRESS,
        timeout=httpx2.Timeout(READ, connect=CONNECT),
        max_retries=RETRIES,
    )
