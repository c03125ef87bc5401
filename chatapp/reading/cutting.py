"""Passages: pieces of some 200 to 400 words that say where they stood."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from chatapp.reading import Block, Piece

MOST = 400  # words of a passage
ENOUGH = 100  # words after which a new heading begins a new passage
TITLE = 30  # words before a first heading below that only lead to it
HEADING_MAX = 400  # characters
_LONGEST = 8  # characters of a word, on average
_BETWEEN = "\n\n"  # blocks
# Where a block that is too long is cut, the best place first.
_JOINTS = [re.compile(joint) for joint in (r"\n+", r"(?<=[.!?。！？…])\s*(?=\S)", r"\s+")]
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")


def cut(blocks: Iterable[Block]) -> Iterator[Piece]:
    """The passages, in order, as soon as each is complete. None overlaps another."""
    path: list[Block] = []
    held = _Held()
    place = 0
    for block in blocks:
        if block.level:
            if held.words >= ENOUGH:
                yield held.piece()
                held = _Held()
            path = held.go_below(path, block)
        for part in _parts(block.text):
            words = words_in(part)
            if held.parts and held.words + words > MOST:
                yield held.piece()
                held = _Held()
            if not held.parts:
                held.start, held.heading = place, _told(path)
            held.parts.append(part)
            held.words += words
            place += len(part) + len(_BETWEEN)
    if held.parts:
        yield held.piece()


@dataclass
class _Held:
    """The passage in the making."""

    heading: str = ""
    start: int = 0
    words: float = 0
    parts: list[str] = field(default_factory=list)

    def go_below(self, path: list[Block], heading: Block) -> list[Block]:
        """The headings above what comes next; above all of it, when it only began."""
        above = [one for one in path if one.level < heading.level]
        if above == path and self.words < TITLE:
            self.heading = _told([*path, heading])
        return [*above, heading]

    def piece(self) -> Piece:
        return Piece(self.heading, _BETWEEN.join(self.parts), self.start)


def words_in(words: str) -> float:
    """Of scripts without spaces two characters count as a word; endless strings as many."""
    return max(len(words.split()) + len(_WIDE.findall(words)) / 2, len(words) / _LONGEST)


def _told(path: list[Block]) -> str:
    return " › ".join(" ".join(block.title.split()) for block in path)[:HEADING_MAX]


def _parts(block: str) -> Iterator[str]:
    """The block, or as much of it at a time as a passage can hold."""
    place = 0
    while place < len(block):
        ahead = block[place : place + MOST * _LONGEST + 1]  # a block may be as long as the file
        end = len(ahead) if words_in(ahead) <= MOST else _end(ahead)
        if part := ahead[:end].strip():
            yield part
        place += end


def _end(block: str) -> int:
    """Where to cut: at the last good joint of the second half of what a passage can hold."""
    most = _most(block)
    for joint in _JOINTS:
        ends = [found.end() for found in joint.finditer(block, most // 2, most)]
        if ends and ends[-1] > most // 2:
            return ends[-1]
    return most


def _most(block: str) -> int:
    """The most characters of a passage: no more than MOST words."""
    low, high = 1, MOST * _LONGEST
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if words_in(block[:middle]) <= MOST else (low, middle - 1)
    return low
