"""PDF: the text of its pages. What was scanned has none."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from io import BytesIO

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from chatapp.reading import Block, Unreadable
from chatapp.reading.plain import paragraphs

_HYPHENATED = re.compile(r"(\w)-\n([a-zà-ÿ])")
_LINE_END = re.compile(r"(?<!\n)\n(?!\s*\n)")  # inside a paragraph


def blocks(content: bytes) -> Iterator[Block]:
    """A page is a heading, so that a passage can say where it was."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it comments on what it finds
    try:
        reader = PdfReader(BytesIO(content))
        if reader.is_encrypted:
            raise Unreadable("The file is encrypted. Save it without a password.")
        for number, page in enumerate(reader.pages, 1):
            yield Block("", 1, f"Page {number}")
            words = _HYPHENATED.sub(r"\1\2", page.extract_text())
            yield from paragraphs(_LINE_END.sub(" ", words))
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise Unreadable("The file is damaged: no PDF could be read from it.") from error
