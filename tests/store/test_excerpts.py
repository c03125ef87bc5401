from __future__ import annotations

import time

import pytest

from chatapp.store import fulltext
from chatapp.store.excerpts import LONGEST, excerpt

FILLER = [f"Sentence {n} tells of something that is beside the point." for n in range(60)]


def about(question, weight=1.0):
    return dict.fromkeys(fulltext.terms(question), weight)


def test_a_short_text_is_quoted_whole():
    assert excerpt("  All of it.\nTwice. ", about("nothing")) == "All of it.\nTwice."


@pytest.mark.parametrize("joint", [" ", "\n"])
@pytest.mark.parametrize("place", [0, 30, 60])
def test_the_sentence_that_was_meant_is_quoted_wherever_it_stands(joint, place):
    answer = "The backups are kept in the cellar of the library."
    said = [*FILLER[:place], answer, *FILLER[place:]]

    quote = excerpt(joint.join(said), about("Where are backups kept?"))

    assert answer in quote
    assert len(quote) <= LONGEST + 4
    whole = quote.removeprefix("… ").removesuffix(" …")
    assert set(whole.replace(". ", ".\n").split("\n")) <= set(said), "a sentence was cut"
    assert quote.startswith("… ") == (place > 0)
    assert quote.endswith(" …") == (place < 60)
    assert whole in joint.join(said), "not as it stands there"


def test_what_stands_around_the_answer_is_quoted_too():
    said = [*FILLER[:30], "The zebra is called Otto.", *FILLER[30:]]

    quote = excerpt(" ".join(said), about("zebra"))

    assert FILLER[29] in quote
    assert FILLER[30] in quote


def test_the_words_that_say_more_are_followed():
    common, rare = "One may also do the same with a mat.", "The zebra eats nothing but melons."
    said = " ".join([common, *FILLER[:30], rare, *FILLER[30:]])

    assert rare in excerpt(said, {**about("mat", 0.1), **about("zebra", 3.0)})
    assert common in excerpt(said, {**about("mat", 3.0), **about("zebra", 0.1)})


def test_without_a_word_in_common_it_is_the_beginning():
    quote = excerpt(" ".join(FILLER), about("zebra"))

    assert quote.startswith(FILLER[0])
    assert quote.endswith("point. …")


@pytest.mark.parametrize(
    "endless", ["x" * 20_000, "word " * 4_000, "a\n" * 10_000, "日本。" * 7_000]
)
def test_a_text_without_an_end_is_cut_and_takes_no_time(endless):
    began = time.process_time()

    quote = excerpt(endless, about("word a 日本 x"))

    assert 0 < len(quote) <= LONGEST + 4
    assert time.process_time() - began < 2
