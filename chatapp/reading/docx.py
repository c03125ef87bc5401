"""Word documents: paragraphs, headings and tables, in their order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

from docx import Document
from docx.table import Table
from docx.text.paragraph import Paragraph

from chatapp import text
from chatapp.reading import Block, Unreadable

_HEADING = re.compile(r"heading ([1-6])", re.IGNORECASE)


def blocks(content: bytes) -> Iterator[Block]:
    try:
        parts = list(Document(BytesIO(content)).iter_inner_content())
    except Exception as error:  # whatever a parser of XML and zips thinks of it
        raise Unreadable("The file is damaged: no Word document could be read from it.") from error
    for part in parts:
        words = _table(part) if isinstance(part, Table) else text.clean(part.text)
        level = 0 if isinstance(part, Table) else _level(part)
        if words:
            yield Block(words, level, words if level else "")


def _level(paragraph: Paragraph) -> int:
    name = (paragraph.style and paragraph.style.name) or ""
    found = _HEADING.fullmatch(name)
    return int(found[1]) if found else int(name == "Title")


def _table(table: Table) -> str:
    """A line per row. A cell that spans several is told once."""
    rows = []
    for row in table.rows:
        cells = dict.fromkeys(cell._tc for cell in row.cells)  # noqa: SLF001
        said = (" ".join(part.text for part in cell.p_lst) for cell in cells)
        rows.append(" | ".join(said))
    return text.clean("\n".join(rows))
