from __future__ import annotations

import time

import pytest

from chatapp.llm.citations import resolve
from chatapp.types import Passage

PASSAGES = [Passage("document", f"p{n}", "Guide", "", f"said {n}", f"{n}") for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("said", "shown", "cited"),
    [
        ("It does [1].", "It does [1].", [1]),
        ("It does [7].", "It does.", []),
        ("It does[0][2].", "It does[2].", [2]),
        ("Both [1, 3], and [2; 9].", "Both [1][3], and [2].", [1, 2, 3]),
        ("Three times [2] and [2].", "Three times [2] and [2].", [2]),
        ("[3] starts", "[3] starts", [3]),
        ("A list: `a[9]` is code [1]", "A list: `a[9]` is code [1]", [1]),
        ("```\na[9] = b[1]\n```\nso [9] it [2]", "```\na[9] = b[1]\n```\nso it [2]", [2]),
        ("```\na[9]", "```\na[9]", []),
        ("~~~\n[9]\n~~~\n[9]", "~~~\n[9]\n~~~\n", []),
        ("See [1](https://evil.test/?q) for it", "See [1] for it", [1]),
        ("See [8](https://evil.test) for it", "See for it", []),
        ("So [1].\n\n[1]: https://evil.test\nEnd", "So [1].\n\nEnd", [1]),
        ("A ``b[9] `c[9]`` d` [9] [1]", "A ``b[9] `c[9]`` d` [1]", [1]),
        ("One ` [9] and\nanother ` [9]", "One ` and\nanother `", []),
        ("Three ``` [9] are not two `` [9]", "Three ``` are not two ``", []),
        ("`x` [1]: means it", "`x` [1]: means it", [1]),
        ("[^1] and [x] and [a1] stay", "[^1] and [x] and [a1] stay", []),
        ("[99999] is no citation", "[99999] is no citation", []),
        ("", "", []),
    ],
)
def test_only_what_was_given_stays_cited(said, shown, cited):
    text, sources = resolve(said, PASSAGES)

    assert text == shown
    assert [source.n for source in sources] == cited
    assert [source.passage for source in sources] == [PASSAGES[n - 1] for n in cited]
    assert resolve(text, PASSAGES) == (text, sources)


def test_without_passages_nothing_can_be_cited():
    assert resolve("It does [1].", []) == ("It does.", [])


def test_a_source_quotes_what_its_passage_was_found_for():
    _, sources = resolve("[2] and [3]", PASSAGES)

    assert [source.quote for source in sources] == ["2", "3"]


@pytest.mark.parametrize(
    "endless",
    [
        "`" * 50_000,
        "[1" * 50_000,
        "``` `` ` " * 5_000,
        "~~~\n" * 20_000,
        "a " + " ".join("`" * many for many in range(300)),
        "a " + " ".join("`" * many for many in range(300, 0, -1)),
    ],
)
def test_no_answer_takes_long(endless):
    began = time.process_time()

    resolve(endless, PASSAGES)

    assert time.process_time() - began < 2
