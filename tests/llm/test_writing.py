"""When what is written is kept, and that it is while Redis is away."""

from __future__ import annotations

import pytest

from chatapp.errors import Busy
from chatapp.llm.prompt import Piece
from chatapp.llm.writing import Writing


def writing(patience, busy):
    """One whose keeper is busy so many times, and what it has kept."""
    kept, left = [], iter([True] * busy)

    def keep(offset, piece):
        if next(left, False):
            raise Busy
        kept.append((offset, piece))
        return False

    return Writing(keep=keep, tell=lambda *_: None, patience=patience), kept


def test_the_first_word_is_kept_at_once_also_right_after_a_look_at_the_lease():
    answer, kept = writing(patience=10, busy=0)
    answer.take(None)
    answer.take(Piece("At once"))
    answer.take(Piece(", and not at once"))

    assert kept == [(0, ""), (0, "At once")]


def test_the_end_of_an_answer_is_kept_when_redis_is_back():
    answer, kept = writing(patience=10, busy=3)
    answer.take(Piece("All"))
    answer.take(Piece(" of it."))

    answer.end()

    assert kept == [(0, "All of it.")]
    assert answer.text == "All of it."


def test_the_end_does_not_wait_for_ever():
    answer, _ = writing(patience=0.5, busy=100)
    answer.take(Piece("All of it."))

    with pytest.raises(Busy):
        answer.end()
