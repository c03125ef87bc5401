"""Finding by words, alike on SQLite (FTS5) and PostgreSQL (tsvector).

Both indexes are given words that this module made of the text: folded, without accents, in pairs of
characters where a script has no spaces. So neither database has an opinion on any language. The
first word of a row is its place, of which a search names those it may look into: what is elsewhere
is never ranked, nor counted.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import Connection, text

LONGEST = 40  # characters of a word; the rest of a longer one says nothing
INDEXED = ("passages", "message_words")  # tables with a `number` and `words`

# Scripts without spaces, or with endings of any length: of these every pair of neighbours is a word.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
)
_RUNS = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_ACCENTS = re.compile("[\u0300-\u036f]")


class Term(NamedTuple):
    """A word that is asked for: itself, or how those begin that are nearly it."""

    word: str
    stem: str

    def counts(self, word: str) -> float:
        """How well another word is meant by it."""
        if word == self.word:
            return 1.0
        is_near = word.startswith(self.stem) and len(word) <= len(self.word) + 4
        return 0.6 if is_near and self.stem else 0.0


def place(id_: str) -> str:
    """The word that stands for a workspace or a room. Nobody can write it: words have no "="."""
    return "=" + sha256(id_.encode()).hexdigest()[:20]


def words(said: str) -> list[str]:
    """In their order; what a search compares."""
    folded = _ACCENTS.sub("", unicodedata.normalize("NFKD", said).casefold())
    folded = unicodedata.normalize("NFC", folded)
    return [word for run in _word().findall(folded) for word in _apart(run)]


def indexed(id_: str, *said: str) -> str:
    """What the index is given of texts at a place."""
    return " ".join([place(id_), *words(" ".join(said))])


def terms(question: str, at_most: int = 32) -> list[Term]:
    """The different words of a question, the longest of a very long one."""
    asked = dict.fromkeys(words(question[:20_000]))
    if len(asked) > at_most:
        asked = dict.fromkeys(sorted(asked, key=len, reverse=True)[:at_most])
    return [Term(word, _stem(word)) for word in asked]


def beginnings(sought: str, at_most: int = 16) -> list[Term]:
    """The different words of what a person looks for. Each stands for all that begin with it, but
    for the shortest: too much begins like them.
    """
    asked = list(dict.fromkeys(words(sought)))[:at_most]
    return [
        Term(word, word if len(word) > 2 or _is_unspaced_letter(word) else "") for word in asked
    ]


def located(said: str) -> Iterator[tuple[int, int, str]]:
    """Each of words(said), and where it begins and ends in the text as it was written."""
    for token in _written().finditer(said):
        for run in _RUNS.finditer(token[0]):
            start, part = token.start() + run.start(), run[0]
            if len(part) > 1 and _is_unspaced(part[0]):
                for place, pair in enumerate(pairwise(part), start):
                    yield from ((place, place + 2, word) for word in words("".join(pair)))
            else:
                yield from ((start, start + len(part), word) for word in words(part))


def matching(connection: Connection, places: list[str], asked: list[Term]) -> str:
    """In the words of the database's own: at one of the places, with one of the terms, if any."""
    is_sqlite = connection.dialect.name == "sqlite"
    quote, prefix, either = ('"', "*", " OR ") if is_sqlite else ("'", ":*", " | ")
    one_of = [
        [f"{quote}{word}{quote}" for word in places],
        [
            f"{quote}{term.stem}{quote}{prefix}" if term.stem else f"{quote}{term.word}{quote}"
            for term in asked
        ],
    ]
    both = " AND " if is_sqlite else " & "
    return both.join(f"({either.join(words)})" for words in one_of if words)


def found_in(connection: Connection, table: str, given: str, within: str = "true") -> str:
    """SQL: the numbers of the table's rows that match what is given under this name. `within` is a
    condition that PostgreSQL checks with the words, as SQLite cannot.

    On PostgreSQL all of them, before anything is joined or limited: else the planner hopes to find
    enough of them by reading the table, and reads all of it for what is not there.
    """
    if connection.dialect.name == "sqlite":
        return f"SELECT rowid AS number FROM {table}_fts WHERE {table}_fts MATCH :{given}"
    matches = (
        f"SELECT number FROM {table} WHERE words_fts @@ CAST(:{given} AS tsquery) AND {within}"
    )
    return f"WITH matches AS MATERIALIZED ({matches}) SELECT number FROM matches"


def forget_deleted(connection: Connection, table: str) -> None:
    """Let the index hold no word of what was deleted. (SQLite's only marks it until it is merged.)"""
    if connection.dialect.name == "sqlite":
        connection.execute(text(f"INSERT INTO {table}_fts({table}_fts) VALUES ('optimize')"))


def create(connection: Connection) -> None:
    """The indexes, which follow their tables by themselves. (Not described in tables.py: to
    SQLAlchemy they are no tables and no columns.)
    """
    for table in INDEXED:
        for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
            connection.execute(text(statement.format(table=table)))


def drop(connection: Connection) -> None:
    """On PostgreSQL they go with their tables."""
    if connection.dialect.name == "sqlite":
        for table in INDEXED:
            connection.execute(text(f"DROP TABLE {table}_fts"))


def is_described(name: str | None, kind: str, _parents: object) -> bool:
    """For Alembic, when it compares the database with tables.py."""
    ours = ("table", "index", "column")
    return not (kind in ours and name is not None and "_fts" in name)


_POSTGRESQL = (
    "ALTER TABLE {table} ADD COLUMN words_fts tsvector "
    "GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED",
    "CREATE INDEX ix_{table}_fts ON {table} USING gin (words_fts)",
)
_SQLITE = (
    "CREATE VIRTUAL TABLE {table}_fts USING fts5(words, content='{table}', content_rowid='number', "
    "tokenize=\"ascii tokenchars '='\", detail=none, columnsize=0)",
    "CREATE TRIGGER {table}_fts_added AFTER INSERT ON {table} BEGIN "
    "INSERT INTO {table}_fts(rowid, words) VALUES (new.number, new.words); END",
    "CREATE TRIGGER {table}_fts_gone AFTER DELETE ON {table} BEGIN "
    "INSERT INTO {table}_fts({table}_fts, rowid, words) VALUES ('delete', old.number, old.words); END",
    "CREATE TRIGGER {table}_fts_changed AFTER UPDATE OF words ON {table} BEGIN "
    "INSERT INTO {table}_fts({table}_fts, rowid, words) VALUES ('delete', old.number, old.words); "
    "INSERT INTO {table}_fts(rowid, words) VALUES (new.number, new.words); END",
)


def _apart(run: str) -> list[str]:
    found = []
    for part in _RUNS.findall(run):
        if len(part) > 1 and part[0] >= "\u0e00" and _is_unspaced(part[0]):
            found += [a + b for a, b in pairwise(part)]
        else:
            found.append(part[:LONGEST])
    return found


@cache
def _is_unspaced(character: str) -> bool:
    return re.match(f"[{_UNSPACED}]", character) is not None


def _is_unspaced_letter(word: str) -> bool:
    return len(word) == 1 and _is_unspaced(word)


def _stem(word: str) -> str:
    """What the forms of a word have in common, in languages that change its end; short words have
    none: too much begins like them.
    """
    if len(word) < 5 or not word.isalpha() or _is_unspaced(word[0]):
        return ""
    return word[: -3 if len(word) > 8 else -2 if len(word) > 6 else -1]


@cache
def _word(first_mark: int = 0x370) -> re.Pattern[str]:
    """Letters and digits, with the marks that belong to them in scripts that have such."""
    marks = "".join(
        chr(code)
        for code in range(first_mark, min(0x10000, sys.maxunicode))
        if unicodedata.category(chr(code)) in ("Mn", "Mc")
    )
    return re.compile(rf"(?:[^\W_]|[{re.escape(marks)}])+")


def _written() -> re.Pattern[str]:
    """The same where accents stand by themselves."""
    return _word(0x300)
