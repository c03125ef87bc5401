"""Markdown: its blocks, as they were written."""

from __future__ import annotations

from collections.abc import Iterator

from markdown_it import MarkdownIt

from chatapp import text
from chatapp.reading import Block
from chatapp.reading.plain import decode


def blocks(content: bytes) -> Iterator[Block]:
    source = text.clean(decode(content))
    lines, told = source.split("\n"), 0
    reader = MarkdownIt("commonmark").enable("table")
    reader.core.ruler.enableOnly(["normalize", "block"])  # what is inside of them stays as it is
    tokens = reader.parse(source)
    for place, token in enumerate(tokens):
        if token.level or token.map is None or token.nesting < 0:
            continue
        first, last = token.map
        yield from _block(lines[told:first])  # what shows nothing, like the targets of links
        told = last
        if token.type == "heading_open":
            title = tokens[place + 1].content
            yield from _block(lines[first:last], int(token.tag[1:]), title)
        elif not (token.type == "html_block" and token.content.lstrip().startswith("<!--")):
            yield from _block(lines[first:last])
    yield from _block(lines[told:])


def _block(lines: list[str], level: int = 0, title: str = "") -> Iterator[Block]:
    words = "\n".join(lines).strip("\n").rstrip()
    if words:
        yield Block(words, level, title)
