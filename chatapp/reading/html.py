"""HTML: what a reader of the page sees."""

from __future__ import annotations

import re
from codecs import lookup
from collections.abc import Iterator

from lxml import etree

from chatapp import text
from chatapp.reading import Block
from chatapp.reading.plain import decode

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
# fmt: off
_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "caption", "dd", "details", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "html",
    "li", "main", "ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead",
    "tr", "ul", *_HEADINGS,
}
# fmt: on
_UNSEEN = {
    "head",
    "script",
    "style",
    "template",
    "noscript",
    "svg",
    "math",
    "nav",
    "iframe",
    "object",
    "datalist",
}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


def blocks(content: bytes) -> Iterator[Block]:
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True
    )
    root = etree.fromstring(_decode(content).encode("utf-8", "replace"), parser)
    if root is not None:
        yield from _Page().read(root)


def _decode(content: bytes) -> str:
    """By what the page says of itself, when it is not UTF-8."""
    said = _CHARSET.search(content[:4096])
    try:
        content.decode()
        encoding = ""
    except UnicodeDecodeError:
        encoding = said[1].decode("ascii", "replace") if said else ""
    try:
        return content.decode(lookup(encoding).name, "replace") if encoding else decode(content)
    except (LookupError, TypeError):  # a charset that is none, or one that decodes to no text
        return decode(content)


class _Page:
    """Words are gathered until a block begins or ends."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._level = 0
        self._verbatim = 0  # how many <pre> we are in

    def read(self, root: etree._Element) -> Iterator[Block]:
        steps = etree.iterwalk(root, events=("start", "end"))
        for event, element in steps:
            tag = element.tag
            if event == "start" and _is_unseen(element):
                steps.skip_subtree()
                element.text = None
                continue
            if tag in _BLOCKS:
                yield from self._flush()
            if event == "start":
                self._begin(tag)
                self._words.append(element.text or "")
            else:
                self._verbatim -= tag == "pre"
                if tag in ("td", "th"):
                    self._words.append(" | ")
                if tag in _HEADINGS:
                    self._level = 0
                self._words.append(element.tail or "")
        yield from self._flush()

    def _begin(self, tag: str) -> None:
        self._level = _HEADINGS.get(tag, self._level)
        self._verbatim += tag == "pre"
        if tag == "li":
            self._words.append("- ")
        elif tag == "br":
            self._words.append("\v")  # stays a line's end when spaces are made one

    def _flush(self) -> Iterator[Block]:
        said, self._words = "".join(self._words), []
        if not self._verbatim:
            said = _SPACES.sub(" ", said.replace("\v", "\0")).replace("\0", "\n")
        words = text.clean(said.replace("\v", "\n")).strip().removesuffix(" |").strip("\n")
        if words and words != "-":
            yield Block(words, self._level, words if self._level else "")


def _is_unseen(element: etree._Element) -> bool:
    return (
        element.tag in _UNSEEN
        or element.get("hidden") is not None
        or _HIDDEN.search(element.get("style") or "") is not None
    )
