from __future__ import annotations

import pytest

from chatapp.store import fulltext, ranking


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("How do I make a back-up?", ["how", "do", "i", "make", "a", "back", "up"]),
        ("Crème BRÛLÉE, Straße", ["creme", "brulee", "strasse"]),
        ("`LIMIT_SEND=60` ①", ["limit", "send", "60", "1"]),
        ("Ελλάδα Москва", ["ελλαδα", "москва"]),
        ("東京都に行く", ["東京", "京都", "都に", "に行", "行く"]),
        ("한국어 v2 字", ["한국", "국어", "v2", "字"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("=0123456789 don't", ["0123456789", "don", "t"]),
        ("x" * 100, ["x" * fulltext.LONGEST]),
        ("\x00 ' \" * : & | ( ) 😀", []),
    ],
)
def test_words_are_what_a_search_compares(said, words):
    assert fulltext.words(said) == words


@pytest.mark.parametrize(
    ("asked", "said", "is_meant"),
    [
        ("backups", "backup", True),
        ("backup", "backups", True),
        ("restoring", "restored", True),
        ("Datenbank", "Datenbanken", True),
        ("back", "backup", False),
        ("restore", "restaurant", False),
        ("404", "4040", False),
        ("contract", "contraception", False),
    ],
)
def test_a_word_means_its_other_forms_too(asked, said, is_meant):
    (term,) = fulltext.terms(asked)
    (word,) = fulltext.words(said)

    assert (term.counts(word) > 0) == is_meant
    assert term.counts(term.word) == 1 > term.counts(word)


def test_of_an_endless_question_the_longest_words_are_asked():
    question = "".join("w" * n + " " for n in range(1, 39)) * 100

    asked = {term.word for term in fulltext.terms(question)}

    assert asked == {"w" * n for n in range(7, 39)}


def test_a_rare_word_says_more_than_many_common_ones():
    texts = {
        "rare": ["the", "backup"],
        "common": ["the", "how", "do", "i", "the"],
        "other": ["the", "how", "x"],
    }
    asked = fulltext.terms("how do i do the backup")
    counts = {"how": 60, "do": 50, "i": 50, "the": 90, "backup": 2}

    weighed = ranking.weights(asked, [counts[term.word] for term in asked], 100)

    assert ranking.best(texts, weighed, 9)[0] == "rare"
    assert ranking.best({}, weighed, 9) == []
    assert ranking.best({"none": ["x"]}, weighed, 9) == []
