"""What an answer's [n] stands for. Only what was really given to the model stays cited."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatapp.types import Passage, Source

_CITED = re.compile(
    r"""
    (?P<code> ^\ {0,3}(?P<fence>`{3,}|~{3,})[^\n]*(?:\n.*?)??(?:\n\ {0,3}(?P=fence)[`~]*[ \t]*$|\Z) )
    | (?P<ticks>`+)  # where the code ends that they begin, _code_ends knows
    # A number's definition would make a link of every citation of it, and lead where it likes.
    | (?P<definition> ^\ {0,3}\[\s*\d+\s*\]:[^\n]*\n? )
    # Likewise the address that follows a citation.
    | (?P<space>\ ?) \[(?P<numbers>\s*\d{1,4}\s*(?:[,;]\s*\d{1,4}\s*)*)\] (?:\([^()\n]*\))?
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_TICKS = re.compile(r"`+|\n")
_CITED_BESIDE_QUOTES = re.compile(rf"(?P<quote>^>[^\n]*)|{_CITED.pattern}", _CITED.flags)


def resolve(
    text: str, passages: Sequence[Passage], *, keep_quotes: bool = False
) -> tuple[str, list[Source]]:
    """The text without citations of what is not there, and the sources of those that stay.

    [n] is the n-th of `passages`, from 1, and keeps its number. Code is left as it is, and, with
    `keep_quotes`, every line that begins with ">": its brackets are those of who is quoted.
    """
    cited: set[int] = set()

    def check(found: re.Match[str]) -> str:
        if keep_quotes and found["quote"]:
            return found["quote"]
        if found["code"] or found["definition"]:
            return found["code"] or ""
        numbers = dict.fromkeys(map(int, re.findall(r"\d+", found["numbers"])))
        there = [n for n in numbers if 1 <= n <= len(passages)]
        cited.update(there)
        return found["space"] + "".join(f"[{n}]" for n in there) if there else ""

    cites = _CITED_BESIDE_QUOTES if keep_quotes else _CITED
    ends, said, at = _code_ends(text), "", 0
    while found := cites.search(text, at):
        said += text[at : found.start()]
        at = ends.get(found.start(), found.end()) if found["ticks"] else found.end()
        said += text[found.start() : at] if found["ticks"] else check(found)
    said += text[at:]
    return said, [Source(n, passages[n - 1], passages[n - 1].quote) for n in sorted(cited)]


def _code_ends(text: str) -> dict[int, int]:
    """Where the code ends that begins with the backticks at each place: with the next that are as
    many, in the same line. In one pass: an answer may be of nothing but backticks.
    """
    ends: dict[int, int] = {}
    open_since: dict[int, int] = {}
    for ticks in _TICKS.finditer(text):
        if ticks[0] == "\n":
            open_since.clear()
            continue
        many = len(ticks[0])
        if many in open_since:
            ends[open_since[many]] = ticks.end()
        open_since[many] = ticks.start()
    return ends
