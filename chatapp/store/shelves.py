"""What is looked through for an answer: tables of words, and of each what the caller may see."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import ceil, sqrt
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, text

from chatapp.store import fulltext
from chatapp.store.fulltext import Term
from chatapp.types import assistant_id

COUNT = 1_000  # a word that is in more texts is as common as can be
RANKED = 500  # texts that are compared with a question
_SAMPLED = 300  # texts that tell of very many whether a word is common in them
_PLACES = 20  # rooms or documents from which they are taken, the largest


class Shelf(NamedTuple):
    """A table of words, what of it the caller may see, and how that is shown."""

    table: str
    whole: str  # SQL: all that the caller may look into
    seen: str  # SQL: joins and conditions after "FROM (found) AS found"
    shown: str  # SQL: columns
    largest: str  # SQL: its rooms or documents that the caller may see, about how many texts are in each, and in all
    newest: str  # SQL: some of the texts of one of these


DOCUMENTS = Shelf(
    "passages",
    "SELECT 1 FROM passages WHERE workspace_id = :tenant_id",
    "{join} passages AS p ON p.number = found.number "
    "{join} documents AS d ON d.id = p.document_id AND d.served = p.version "
    "WHERE p.workspace_id = :tenant_id",
    "p.number, p.words, p.id, d.name AS title, p.heading, p.body, p.document_id",
    "SELECT id, done AS texts, sum(done) OVER () AS every FROM documents WHERE workspace_id = :tenant_id "
    "ORDER BY done DESC",
    "SELECT * FROM passages WHERE document_id = :place_{n} ORDER BY version DESC, place DESC LIMIT :most_{n}",
)
MESSAGES = Shelf(
    "message_words",
    "SELECT 1 FROM message_words WHERE room_id IN :room_ids",
    "{join} message_words AS w ON w.number = found.number "
    "{join} messages AS m ON m.room_id = w.room_id AND m.seq = w.seq "
    "{join} rooms AS r ON r.id = m.room_id LEFT JOIN users AS u ON u.id = m.author_id "
    "WHERE m.workspace_id = :tenant_id AND m.room_id IN :room_ids "
    # Neither what it was asked, nor what it said itself.
    "AND NOT m.asks AND m.author_id <> :assistant_id",
    "w.number, w.words, m.id, r.name AS title, r.kind, u.name AS author, m.body, m.at, m.room_id, m.seq",
    "SELECT id, applied_seq AS texts, sum(applied_seq) OVER () AS every FROM rooms "
    "WHERE workspace_id = :tenant_id AND id IN :room_ids ORDER BY applied_seq DESC",
    "SELECT * FROM message_words WHERE room_id = :place_{n} ORDER BY seq DESC LIMIT :most_{n}",
)


class Search:
    """One shelf, and what of it this caller may see."""

    def __init__(
        self, connection: Connection, shelf: Shelf, tenant_id: str, places: list[str]
    ) -> None:
        self._connection, self._shelf = connection, shelf
        self._places = [fulltext.place(id_) for id_ in places]
        self._given: dict[str, Any] = {"tenant_id": tenant_id}
        self._within = "true"
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._common: set[Term] = set()
        if shelf is MESSAGES:
            self._given |= {"room_ids": places, "assistant_id": assistant_id(tenant_id)}
            if not self._is_sqlite:  # many places cost it more than many rooms
                self._places, self._within = [], "room_id IN :room_ids"

    def counts(self, asked: Sequence[Term]) -> list[int]:
        """How many texts there are, and in how many each term is; no more than COUNT."""
        self._common = self._in_very_many(asked)
        some, given = [self._shelf.whole], {}
        for n, term in enumerate(asked):
            if term not in self._common:
                some.append(self._found(f"words_{n}"))
                given[f"words_{n}"] = self._matching([term])
        parts = (
            f"(SELECT count(*) FROM (SELECT 1 FROM ({each}) AS all_{n} LIMIT {COUNT}) AS some_{n})"
            for n, each in enumerate(some)
        )
        counted = iter(self._ask(f"SELECT {', '.join(parts)}", given)[0])
        return [
            next(counted),
            *(COUNT if term in self._common else next(counted) for term in asked),
        ]

    def with_one_of(self, asked: list[Term]) -> list[Row[Any]]:
        """The texts in which one of the terms is; the newest, if there are too many."""
        if not asked:
            return []
        # SQLite would rather begin with the room, and search the index once for each of its messages.
        join = "CROSS JOIN" if self._is_sqlite else "JOIN"
        seen = self._shelf.seen.format(join=join)
        found, given = self._found("words"), {"words": self._matching(asked)}
        if not self._is_sqlite and not self._common.isdisjoint(asked):
            # It would read all of them to find the newest; of what is in so many, some of each room will do.
            recent, where = self._newest(4 * RANKED)
            found, given = self._found("words", f"({recent}) AS recent"), {**given, **where}
        newest = (
            f"SELECT number FROM ({found}) AS every "
            f"ORDER BY number DESC LIMIT {2 * RANKED}"  # some of them the join leaves out
        )
        statement = f"SELECT {self._shelf.shown} FROM ({newest}) AS found {seen}"
        few = f"ORDER BY found.number DESC LIMIT {RANKED}"
        return self._ask(f"{statement} {few}", given)

    def _in_very_many(self, asked: Sequence[Term]) -> set[Term]:
        """The terms that need no counting: a few of the texts show them to be in more than COUNT. To
        count these would cost more than everything else.
        """
        if not self._largest or self._largest[0].every <= COUNT:
            return set()
        recent, where = self._newest(_SAMPLED)
        sample = [
            f"{row.words} " for row in self._ask(f"SELECT words FROM ({recent}) AS recent", where)
        ]
        enough = COUNT * len(sample) / self._largest[0].every
        found = {term: _holding(sample, term) for term in asked}
        return {
            term for term, held in found.items() if held - 2 * sqrt(held) > enough
        }  # not by chance

    @cached_property
    def _largest(self) -> list[Row[Any]]:
        return self._ask(f"{self._shelf.largest} LIMIT {_PLACES}", {})

    def _newest(self, about: int) -> tuple[str, dict[str, Any]]:
        """SQL for so many texts of the largest rooms or documents, of each as its size demands; and what
        it is given.
        """
        total = sum(place.texts for place in self._largest)
        each: list[str] = []
        given: dict[str, Any] = {}
        for n, place in enumerate(self._largest):
            each.append(f"SELECT * FROM ({self._shelf.newest.format(n=n)}) AS of_{n}")
            given |= {f"place_{n}": place.id, f"most_{n}": ceil(about * place.texts / total)}
        return " UNION ALL ".join(each), given

    def _found(self, given: str, table: str = "") -> str:
        return fulltext.found_in(self._connection, table or self._shelf.table, given, self._within)

    def _matching(self, asked: list[Term]) -> str:
        return fulltext.matching(self._connection, self._places, asked)

    def _ask(self, statement: str, given: dict[str, str]) -> list[Row[Any]]:
        asked = text(statement)
        if ":room_ids" in statement:
            asked = asked.bindparams(bindparam("room_ids", expanding=True))
        return list(self._connection.execute(asked, {**self._given, **given}).all())


def _holding(sample: list[str], term: Term) -> int:
    """How many of the texts have the word, or one that the index would find for it."""
    sought = f" {term.stem}" if term.stem else f" {term.word} "
    return sum(sought in words for words in sample)
