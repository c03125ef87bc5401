"""What of a text is shown of it: where it speaks most of what was asked."""

from __future__ import annotations

import re
from collections.abc import Mapping

from chatapp.store import fulltext
from chatapp.store.fulltext import Term

LONGEST = 600  # characters
_CUT = "…"
_SHORT = 40  # characters; what is shorter is not parted from what follows it
_PIECE = 200  # characters of a sentence that is longer than all that is shown
_ENDS = re.compile(r"\n+|(?<=[.!?…])\s+|(?<=[。！？])")  # noqa: RUF001 - those of other scripts


def excerpt(body: str, weighed: Mapping[Term, float]) -> str:
    """Whole sentences and lines, as they stand in the text, around those that say most of the terms
    in least space; from its beginning, if none does. "…" where something was left out.
    """
    body = body.strip()
    if len(body) <= LONGEST:
        return body
    parts = _parts(body)
    first, last = _around(parts, *_best(body, parts, weighed))
    start, end = parts[first][0], parts[last][1]
    before = f"{_CUT} " if first else ""
    after = f" {_CUT}" if last + 1 < len(parts) else ""
    return f"{before}{body[start:end].strip()}{after}"


def _parts(body: str) -> list[tuple[int, int]]:
    """Where sentences and lines begin and end, without gaps."""
    parts, start = [], 0
    for end in [*(found.end() for found in _ENDS.finditer(body)), len(body)]:
        if end - start < _SHORT and end < len(body):
            continue
        too_long = False
        while end - start > (_PIECE if too_long else LONGEST):
            too_long = True
            space = max(body.rfind(mark, start, start + _PIECE) for mark in " \t\n")
            middle = space + 1 if space > start else start + _PIECE
            parts.append((start, middle))
            start = middle
        if end > start:
            parts.append((start, end))
            start = end
    return parts


def _best(
    body: str, parts: list[tuple[int, int]], weighed: Mapping[Term, float]
) -> tuple[int, int]:
    """The first and the last of the parts that together say most, and the fewest of those."""
    said = [_said(body[start:end], weighed) for start, end in parts]
    best, most = (0, 0), (0.0, 0)
    for first, here in enumerate(said):
        together: dict[Term, float] = {}
        for last in range(first, len(parts)) if here else ():
            length = parts[last][1] - parts[first][0]
            if length > LONGEST:
                break
            for term, much in said[last].items():
                together[term] = max(much, together.get(term, 0.0))
            if said[last] and (how := (round(sum(together.values()), 6), -length)) > most:
                best, most = (first, last), how
    return best


def _said(part: str, weighed: Mapping[Term, float]) -> dict[Term, float]:
    words = set(fulltext.words(part))
    much = {
        term: weight * max(map(term.counts, words), default=0) for term, weight in weighed.items()
    }
    return {term: found for term, found in much.items() if found}


def _around(parts: list[tuple[int, int]], first: int, last: int) -> tuple[int, int]:
    """With what stands before and after, in turn, as far as it fits."""
    grew = True
    while grew:
        grew = False
        if last + 1 < len(parts) and parts[last + 1][1] - parts[first][0] <= LONGEST:
            last, grew = last + 1, True
        if first and parts[last][1] - parts[first - 1][0] <= LONGEST:
            first, grew = first - 1, True
    return first, last
