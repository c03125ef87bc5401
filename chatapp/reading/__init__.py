"""Documents become passages. Pure: bytes in, text out; nothing here knows whose they are.

check.py looks at a file before it is taken, quickly and without opening it up; a reader per kind turns it into blocks;
cutting.py makes passages of those. bounded.py does the last two in a process of its own: what strangers
upload may take for ever, or all the memory there is.
"""

from __future__ import annotations

from dataclasses import dataclass


class Unreadable(Exception):
    """Why a file cannot be read, in a sentence for who uploaded it."""


@dataclass(frozen=True, slots=True)
class Block:
    """What belongs together in a document: a paragraph, a list, a table, a heading."""

    text: str
    level: int = 0  # of a heading: 1 to 6
    title: str = ""  # of a heading; a page has one that is not in its text


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage to be: text[start : start + len(body)] of the document's whole text."""

    heading: str  # "Operations › Backup"
    body: str
    start: int  # in code points
