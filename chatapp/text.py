"""What people type, made safe to show beside what others typed. Pure: nothing here knows who said
it.

Bodies keep everything that carries meaning (line breaks, joiners, balanced bidi isolates). Names
lose what could disguise them, and two names that look alike have one skeleton.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

# Of these a database would make an error of ours: PostgreSQL knows no NUL, UTF-8 no half of a pair.
_UNKEPT = re.compile(r"[\x00\ud800-\udfff]")
MARKS_IN_A_ROW = 4  # more combining marks than any living script stacks on one letter
NAME_MAX = 80  # characters

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb\ufeff\ud800-\udfff]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Letters and marks that show nothing: "Ada" with one of them would be another Ada (Default_Ignorable
# of Unicode, without what clean_name drops as a format character; and the empty braille pattern).
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_OPENS = {
    **dict.fromkeys("\u202a\u202b\u202d\u202e", "\u202c"),
    **dict.fromkeys("\u2066\u2067\u2068", "\u2069"),
}
_BLANK_EDGES = re.compile(r"\A(?:[ \t]*\n)+|\s+\Z")
_SPACES = re.compile(r"\s+")


def clean(body: str) -> str:
    """A message's body: NFC, no control characters, no bidi override that leaks, no towers of
    accents.
    """
    if body.isascii() and body.isprintable():  # one line of nothing odd: most of what is said
        return body.rstrip()
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    body = _CONTROLS.sub("", unicodedata.normalize("NFC", body))
    if not body.isascii():
        body = _cap_marks("\n".join(map(_balanced, body.split("\n"))))
    return _BLANK_EDGES.sub("", body)


def clean_name(name: str) -> str:
    """A name or a topic: one line of visible characters. Empty when nothing visible was there."""
    name = _SPACES.sub(" ", _UNSEEN.sub("", unicodedata.normalize("NFC", name)))
    visible = "".join(
        c for c in name if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    return _cap_marks(visible).strip()


def shows(body: str) -> bool:
    """Whether there is anything to see in it: joiners and blank letters alone are an empty bubble.
    A sign younger than our Unicode counts; somebody's screen may know it.
    """
    if body.isascii():
        return bool(body.strip())
    return any(
        not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf", "Cs")
        for c in _UNSEEN.sub("", body)
    )


def skeleton(name: str) -> str:
    """What the name looks like: equal for names that a glance would confuse (Unicode TS 39, and
    case).
    """
    folded = unicodedata.normalize("NFKC", clean_name(name)).casefold()
    looks = "".join(map(_prototype, folded)).casefold()
    # I, l and 1 are one prototype, but the case folding before it already made the capital an i.
    return unicodedata.normalize("NFKD", looks).replace("i", "l").replace(" ", "")[:200]


def keepable(piece: str) -> str:
    """Part of a text that is still growing, without what no database can keep or no screen can show."""
    return _CONTROLS.sub("", piece)


def title(body: str, most: int = 60) -> str:
    """The first words of a message, as the name of what it begins."""
    line = clean_name(re.sub(r"[*_`#>\[\]]+", " ", body))
    if len(line) <= most:
        return line or "Conversation"
    return line[:most].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def cannot_be_kept(text: str) -> bool:
    return _UNKEPT.search(text) is not None


def _balanced(line: str) -> str:
    """The line as it is, or without any bidi control when one of them is left open or closes
    nothing.
    """
    waiting: list[str] = []
    for control in _BIDI.findall(line):
        if control in _OPENS:
            waiting.append(_OPENS[control])
        elif not waiting or waiting.pop() != control:
            return _BIDI.sub("", line)
    return _BIDI.sub("", line) if waiting else line


def _cap_marks(text: str) -> str:
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= MARKS_IN_A_ROW:
            kept.append(character)
    return "".join(kept)


@cache
def _prototype(character: str) -> str:
    """The character that stands for all that look like it.

    The table lists every prototype's lookalikes under it, and under each of those the prototype
    alone.
    """
    table = _confusables()
    found = table.get(character, ())
    if len(found) != 1:
        return character
    other = found[0]["c"]
    if len(table.get(other, ())) == 1:  # a pair: take either, but always the same
        return max(character, other, key=lambda text: (len(text), text))
    return other.replace("\u200e", "")


@cache
def _confusables() -> dict[str, list[dict[str, str]]]:
    from confusable_homoglyphs.confusables import confusables_data  # noqa: PLC0415 - reads 900 KB

    return confusables_data  # type: ignore[no-any-return]
