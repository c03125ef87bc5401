"""What is shown of a message that was found: some of it, and where the words are in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from chatapp.store import fulltext
from chatapp.store.fulltext import Term

LONGEST = 240  # characters
_LEAD = 48  # of them at most before the first word that is marked
_NEAR = LONGEST - _LEAD  # characters from a word on that are shown with it
_CUT = "…"

_Mark = tuple[int, int, Term]


def excerpt(body: str, asked: Sequence[Term]) -> tuple[str, list[tuple[int, int]]] | None:
    """Where the text has most of these words first, "…" where something was left out, and the
    ranges of the words in it; None unless all of them are in the text.
    """
    body = body.strip()
    marks = _marks(body, asked)
    if {term for _, _, term in marks} != set(asked):
        return None
    start, end = (0, len(body)) if len(body) <= LONGEST else _window(body, marks)
    before, after = _CUT if start else "", _CUT if end < len(body) else ""
    shift = len(before) - start
    within = [(a + shift, b + shift) for a, b, _ in marks if start <= a and b <= end]
    return f"{before}{body[start:end]}{after}", _joined(within)


def _marks(body: str, asked: Sequence[Term]) -> list[_Mark]:
    return [
        (start, end, term)
        for start, end, word in fulltext.located(body)
        for term in asked
        if word == term.word or (term.stem and word.startswith(term.stem))
    ]


def _window(body: str, marks: list[_Mark]) -> tuple[int, int]:
    """From a little before the word from which on most of them are near."""
    first = _fullest(marks)
    start = max(0, first - _LEAD)
    if start and (space := body.find(" ", start, first)) >= 0:
        start = space + 1
    end = min(len(body), start + LONGEST)
    if end < len(body) and (space := body.rfind(" ", first + LONGEST - 2 * _LEAD, end)) >= 0:
        end = space
    return start, end


def _fullest(marks: list[_Mark]) -> int:
    """Where the first word begins from which on most of them are near. Each mark comes in once and
    goes out once: a text may be nothing but marks.
    """
    near: Counter[Term] = Counter()
    first, most, end = marks[0][0], 0, 0
    for begin, (start, _, term) in enumerate(marks):
        while end < len(marks) and marks[end][1] <= start + _NEAR:
            near[marks[end][2]] += 1
            end += 1
        if len(near) > most:
            first, most = start, len(near)
        if begin == end:  # too long a word to be near itself
            end += 1
        elif near[term] > 1:
            near[term] -= 1
        else:
            del near[term]
    return first


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without overlaps: pairs of characters have one in common."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(set(ranges)):
        if joined and start < joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined
