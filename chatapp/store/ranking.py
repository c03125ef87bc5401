"""Which of the texts found answers a question best: BM25 over what one may read, and nothing else.

Neither database's own ranking would do: SQLite's counts the words of all tenants, and PostgreSQL's
does not know that "the" says less than "backup".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import log
from typing import TypeVar

from chatapp.store.fulltext import Term

Key = TypeVar("Key")
_K1, _B = 1.2, 0.75
_K = 60  # so that being first in one ranking does not outdo being well placed in both
_WORTH = 0.1  # of the best: what is further from the question is not shown
COMMON = 0.5  # a word in more than this part of the texts only adds to what others find


def weights(asked: Sequence[Term], counts: Sequence[int], total: int) -> dict[Term, float]:
    """How much each term says, given in how many of the `total` texts it is. None if in none."""
    known = {term: count for term, count in zip(asked, counts, strict=True) if count}
    return {
        term: log(1 + (max(total, count) - count + 0.5) / (count + 0.5))
        for term, count in known.items()
    }


def best(
    texts: Mapping[Key, Sequence[str]], weighed: Mapping[Term, float], at_most: int
) -> list[Key]:
    """The keys of the texts that answer best, the best first."""
    if not texts:
        return []
    average = sum(map(len, texts.values())) / len(texts)
    meant = _meant(texts.values(), weighed)
    scores: dict[Key, float] = {}
    for key, said in texts.items():
        much = _counted(said, meant)
        length = _K1 * (1 - _B + _B * len(said) / max(average, 1))
        scores[key] = sum(
            weighed[term] * count * (_K1 + 1) / (count + length) for term, count in much.items()
        )
    ranked = sorted(scores, key=scores.__getitem__, reverse=True)[:at_most]
    least = scores[ranked[0]] * _WORTH
    return [key for key in ranked if scores[key] > 0 and scores[key] >= least]


def merged(*rankings: Sequence[Key]) -> list[Key]:
    """By reciprocal rank: what several rankings put near their top comes first."""
    scores: dict[Key, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(ranking, 1):
            scores[key] = scores.get(key, 0.0) + 1 / (_K + rank)
    return sorted(scores, key=scores.__getitem__, reverse=True)


def _meant(
    texts: Iterable[Sequence[str]], weighed: Mapping[Term, float]
) -> dict[str, list[tuple[Term, float]]]:
    """Of all their words those that are asked for, with the terms they stand for, and how well."""
    asked = {term.word for term in weighed}
    stems = tuple(term.stem for term in weighed if term.stem)
    near = {word for said in texts for word in said if word in asked or word.startswith(stems)}
    return {
        word: [(term, found) for term in weighed if (found := term.counts(word))] for word in near
    }


def _counted(
    said: Sequence[str], meant: Mapping[str, list[tuple[Term, float]]]
) -> dict[Term, float]:
    """How often each term is in the text."""
    much: dict[Term, float] = {}
    for word in [word for word in said if word in meant]:
        for term, found in meant[word]:
            much[term] = much.get(term, 0.0) + found
    return much
