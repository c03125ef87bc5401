"""The assistant without a model: it says where the answer stands, in the words that stand there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

from chatapp.llm.prompt import Access, Piece, Prompt, Usage
from chatapp.types import Passage

_SHOWN = 3  # passages
_PAUSE = 0.02  # seconds between two pieces: it is read like any other answer
_WORDS = re.compile(r"\S+\s*")
_AT_ONCE = 6  # words in a piece

NO_MODEL = (
    "*No model is configured, so this is quoted, not written. An administrator can choose one.*"
)


async def stream(prompt: Prompt, _access: Access) -> AsyncIterator[Piece | Usage]:
    """The best passages, quoted with their numbers. Costs nothing."""
    words = _WORDS.findall(compose(prompt.passages))
    for start in range(0, len(words), _AT_ONCE):
        yield Piece("".join(words[start : start + _AT_ONCE]))
        await asyncio.sleep(_PAUSE)
    yield Usage(0, 0)


def compose(passages: list[Passage]) -> str:
    if not passages:
        return (
            "I found nothing about this, neither in the workspace's documents nor in the rooms I may "
            f"search for you.\n\n{NO_MODEL}"
        )
    found = "\n\n".join(_quoted(n, passage) for n, passage in enumerate(passages[:_SHOWN], 1))
    return f"This is what I found:\n\n{found}\n\n{NO_MODEL}"


def _quoted(n: int, passage: Passage) -> str:
    lines = passage.quote.splitlines()
    quote = "\n".join(f"> {line}".rstrip() for line in lines)
    return f"**{_title(passage)}** [{n}]\n{quote}"


def _title(passage: Passage) -> str:
    """On one line, and unable to be Markdown of its own."""
    title = f"{passage.title} · {passage.heading}" if passage.heading else passage.title
    return re.sub(r"([\\*_`\[\]<>])", r"\\\1", " ".join(title.split()))
