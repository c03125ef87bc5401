"""What is shown of a message that was found."""

from __future__ import annotations

from time import thread_time

import pytest

from chatapp.store.fulltext import beginnings, located, words
from chatapp.store.highlights import LONGEST, excerpt


def marked(body, asked):
    """The words that are marked, as they stand in the excerpt."""
    found = excerpt(body, beginnings(asked))
    return found and [found[0][start:end] for start, end in found[1]]


@pytest.mark.parametrize(
    ("asked", "body", "marks"),
    [
        ("friday", "The launch is on FRIDAY.", ["FRIDAY"]),
        ("launch friday", "Friday: launch, launch!", ["Friday", "launch", "launch"]),
        ("deploy", "deployed, undeployed", ["deployed"]),
        ("in", "in, inside", ["in"]),
        ("cafe", "Das Café, das cafe\u0301!", ["Café", "cafe\u0301"]),
        ("strasse", "Die Straße", ["Straße"]),
        ("東京都", "私は東京都に住む", ["東京都"]),
        ("東", "東京で", ["東京"]),
        ("ﬁle", "a file", ["file"]),
        ("a", "<b>a</b>", ["a"]),
    ],
)
def test_the_words_are_marked_as_they_were_written(asked, body, marks):
    assert marked(body, asked) == marks


@pytest.mark.parametrize("asked", ["launch monday", "aunch", "東大"])
def test_a_text_without_all_of_the_words_is_not_shown(asked):
    assert excerpt("The launch is on Friday. 東京と大阪", beginnings(asked)) is None


def test_of_a_long_text_is_shown_where_the_words_are_together():
    body = f"{'launch soon. ' * 40}And the launch is on Friday at nine. {'More to come. ' * 40}"

    said, marks = excerpt(body, beginnings("friday launch"))

    assert said.startswith("…") and said.endswith("…")
    assert len(said) <= LONGEST + 2
    assert "the launch is on Friday at nine." in said
    assert [said[start:end] for start, end in marks][-1] == "Friday"
    assert {said[start:end] for start, end in marks} == {"launch", "Friday"}


def test_a_text_without_spaces_is_cut_all_the_same():
    said, marks = excerpt("x" * 1000 + "ab" + "ł" * 30 + ". end", beginnings("end"))
    assert len(said) <= LONGEST + 2
    assert [said[start:end] for start, end in marks] == ["end"]


def test_a_word_longer_than_what_is_shown_hides_no_other():
    body = f"{'launch' * 60} {'and so on ' * 30}we launch on Friday. {'More to come. ' * 40}"

    said, marks = excerpt(body, beginnings("launch friday"))

    assert "we launch on Friday." in said
    assert [said[start:end] for start, end in marks] == ["launch", "Friday"]


def test_a_text_of_nothing_but_what_is_looked_for_holds_nobody_up():
    """Thousands of words are marked in it, more than once."""
    began = thread_time()

    said, marks = excerpt("的" * 5000, beginnings("的 的的"))

    assert thread_time() - began < 0.6
    assert (said, marks) == ("的" * LONGEST + "…", [(0, LONGEST)])


@pytest.mark.parametrize(
    "said", ["Straße ½ Ⅳ²", "e\u0301te\u0301 ｶﾞｷﾞ 東京", "กำลัง ทำ", "한국어 문장", "a_b-c", ""]
)
def test_every_word_of_the_index_has_its_place(said):
    assert {word for _, _, word in located(said)} >= set(words(said))
    assert all(0 <= start < end <= len(said) for start, end, _ in located(said))
