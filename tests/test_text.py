from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp import text


def test_a_body_keeps_its_lines_and_indentation():
    assert text.clean("\n\n    code()\r\n\ttabbed\n\n") == "    code()\n\ttabbed"


def test_control_characters_and_lone_surrogates_vanish():
    assert text.clean("a\x00b\x1b[31mc\u2028d\ud800e\x85") == "ab[31mcde"


def test_text_is_composed():
    assert text.clean("e\u0301") == "é"


@pytest.mark.parametrize(
    "body", ["\u202eevil", "evil\u202c", "a\u2066b\u202cc", "\u2066\u202aab\u2069\u202c"]
)
def test_a_bidi_control_that_would_leak_is_taken_out(body):
    assert not set(text.clean(body)) & set("\u202a\u202c\u202e\u2066\u2069")


def test_balanced_bidi_stays_and_one_bad_line_does_not_cost_the_others():
    good = "\u2066שלום\u2069"

    assert text.clean(f"{good}\n\u202ex") == f"{good}\nx"


def test_towers_of_accents_are_capped():
    cleaned = text.clean("x" + "\u0336" * 50)

    assert cleaned == "x" + "\u0336" * text.MARKS_IN_A_ROW


def test_joiners_in_emoji_survive():
    assert text.clean("👩‍👩‍👧 ok") == "👩‍👩‍👧 ok"


@pytest.mark.parametrize("body", ["x", "👩‍👩‍👧", "\U000e1fff", "\uf8ff", "שלום", "\u0301", "."])
def test_whatever_may_be_seen_shows(body):
    assert text.shows(body)


@pytest.mark.parametrize(
    "body", ["", " \n", "\u200b", "\u2060 \u00ad", "\u3164", "\u2066\u2069", "\ufe0f"]
)
def test_what_nobody_sees_does_not_show(body):
    assert not text.shows(body)


def test_a_name_is_one_visible_line():
    assert text.clean_name("  A\u200bda\n Love\u202elace ") == "Ada Lovelace"
    assert text.clean_name("\u200b\u2060 \t") == ""
    assert text.clean_name("\u3164\u2800\ufe0f") == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada", "ADA"),
        ("ada", "аdа"),  # Cyrillic
        ("Ian", "lan"),
        ("b1ll", "bill"),
        ("modern", "rnodern"),
        ("bob", "b0b"),
        ("Ada Lovelace", "AdaLovelace"),
        ("ﬁnn", "finn"),
        ("bob", "𝐛𝐨𝐛"),
        ("bob", "bob\u3164"),  # letters, to Unicode, that show nothing
        ("bob", "b\ufe0fo\u034fb\u2800"),
    ],
)
def test_names_that_look_alike_have_one_skeleton(one, other):
    assert text.skeleton(one) == text.skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"), [("ada", "adam"), ("jose", "josé"), ("王", "玉"), ("anna", "hanna")]
)
def test_names_that_differ_to_the_eye_stay_different(one, other):
    assert text.skeleton(one) != text.skeleton(other)


@given(st.text())
def test_cleaning_twice_is_cleaning_once(body):
    once = text.clean(body)

    assert text.clean(once) == once
    assert not [c for c in once if unicodedata.category(c) == "Cc" and c not in "\n\t"]
    once.encode()
