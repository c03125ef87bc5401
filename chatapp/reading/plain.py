"""Text, and Markdown, which stays as it was written: it reads well enough."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatapp import text
from chatapp.reading import Block

_BLANK = re.compile(r"\n[ \t]*\n\s*")
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def decode(content: bytes) -> str:
    """By its byte order mark, else UTF-8, else what Windows wrote before."""
    for mark, encoding in _BOMS.items():
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def paragraphs(words: str) -> Iterator[Block]:
    for paragraph in _BLANK.split(text.clean(words)):
        if paragraph.strip():
            yield Block(paragraph.strip("\n").rstrip())


def blocks(content: bytes) -> Iterator[Block]:
    yield from paragraphs(decode(content))
