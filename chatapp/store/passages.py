"""What a workspace knows, by words: passages of its documents, and what was said in rooms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, select, text

from chatapp.store import excerpts, fulltext, ranking, vectors
from chatapp.store.database import reading
from chatapp.store.fulltext import Term
from chatapp.store.tables import documents, passages
from chatapp.types import Meaning, Passage, PassageInPlace, assistant_id

_COUNT = 1_000  # a word that is in more texts is as common as can be
_RANKED = 500  # texts that are compared with a question
_FEW = 20  # texts among which no word is too common to say something
_NAMELESS = {"direct": "Direct message", "assistant": "Assistant"}


class _Shelf(NamedTuple):
    """A table of words, what of it the caller may see, and how that is shown."""

    table: str
    whole: str  # SQL: all that the caller may look into
    seen: str  # SQL: joins and conditions after "FROM (found) AS found"
    shown: str  # SQL: columns


_DOCUMENTS = _Shelf(
    "passages",
    "SELECT 1 FROM passages WHERE workspace_id = :tenant_id",
    "{join} passages AS p ON p.number = found.number "
    "{join} documents AS d ON d.id = p.document_id AND d.served = p.version "
    "WHERE p.workspace_id = :tenant_id",
    "p.number, p.words, p.id, d.name AS title, p.heading, p.body, p.document_id",
)
_MESSAGES = _Shelf(
    "message_words",
    "SELECT 1 FROM message_words WHERE room_id IN :room_ids",
    "{join} message_words AS w ON w.number = found.number "
    "{join} messages AS m ON m.room_id = w.room_id AND m.seq = w.seq "
    "{join} rooms AS r ON r.id = m.room_id LEFT JOIN users AS u ON u.id = m.author_id "
    "WHERE m.workspace_id = :tenant_id AND m.room_id IN :room_ids "
    # Neither what it was asked, nor what it said itself.
    "AND NOT m.asks AND m.author_id <> :assistant_id",
    "w.number, w.words, m.id, r.name AS title, r.kind, u.name AS author, m.body, m.at, m.room_id, m.seq",
)


def search(
    tenant_id: str,
    *,
    room_ids: Iterable[str],
    words: str,
    at_most: int,
    meaning: Meaning | None = None,
) -> list[Passage]:
    """What answers a question best, the best first: of the workspace's documents, and of what
    people said in these rooms. Everything else might as well not exist: it is not even counted.
    Documents are also found by what the question means, if that is given.

    What was asked of the assistant, and what it answered, is not found. Raises Busy.
    """
    asked = fulltext.terms(words)
    if not asked:
        return []
    with reading() as connection:
        shelves = [_Search(connection, _DOCUMENTS, tenant_id, [tenant_id])]
        if rooms := list(room_ids):
            shelves.append(_Search(connection, _MESSAGES, tenant_id, rooms))
        every = [sum(counts) for counts in zip(*(s.counts(asked) for s in shelves), strict=True)]
        total, counts = every[0], every[1:]
        telling = _telling(dict(zip(asked, counts, strict=True)), total)
        found = [row for shelf in shelves for row in shelf.with_one_of(telling)]
    texts = {row: row.words.split()[1:] for row in found}
    weighed = ranking.weights(asked, counts, total)
    ranked = ranking.best(texts, weighed, at_most)
    near = vectors.nearest(tenant_id, meaning, at_most) if meaning else []
    rows = {row.id: row for row in [*near, *ranked]}
    both = ranking.merged([row.id for row in ranked], [row.id for row in near])
    ranked = [rows[id_] for id_ in both[:at_most]]
    return [_passage(row, excerpts.excerpt(row.body, weighed)) for row in ranked]


def find(tenant_id: str, passage_id: str) -> PassageInPlace | None:
    """A passage of a document as it is now, with those before and after it."""
    passage, document = passages.c, documents.c
    served = (
        select(passage.document_id, passage.version, passage.place)
        .join(documents, document.id == passage.document_id)
        .where(
            passage.id == passage_id,
            passage.workspace_id == tenant_id,
            passage.version == document.served,
        )
    )
    with reading() as connection:
        here = connection.execute(served).first()
        if here is None:
            return None
        near = (
            select(passages, document.name.label("title"))
            .join(documents, document.id == passage.document_id)
            .where(
                passage.document_id == here.document_id,
                passage.version == here.version,
                passage.place.between(here.place - 1, here.place + 1),
            )
        )
        rows = {row.place - here.place: row for row in connection.execute(near)}
    before, after = (rows[beside].body if beside in rows else "" for beside in (-1, 1))
    return PassageInPlace(_passage(rows[0]), rows[0].start, before, after)


class _Search:
    """One shelf, and what of it this caller may see."""

    def __init__(
        self, connection: Connection, shelf: _Shelf, tenant_id: str, places: list[str]
    ) -> None:
        self._connection, self._shelf = connection, shelf
        self._places = [fulltext.place(id_) for id_ in places]
        self._given: dict[str, Any] = {"tenant_id": tenant_id}
        self._within = "true"
        if shelf is _MESSAGES:
            self._given |= {"room_ids": places, "assistant_id": assistant_id(tenant_id)}
            if connection.dialect.name == "postgresql":  # many places cost it more than many rooms
                self._places, self._within = [], "room_id IN :room_ids"

    def counts(self, asked: Sequence[Term]) -> list[int]:
        """How many texts there are, and in how many each term is; no more than _COUNT."""
        some, given = [self._shelf.whole], {}
        for n, term in enumerate(asked):
            some.append(self._found(f"words_{n}"))
            given[f"words_{n}"] = self._matching([term])
        parts = (
            f"(SELECT count(*) FROM (SELECT 1 FROM ({each}) AS all_{n} LIMIT {_COUNT}) AS some_{n})"
            for n, each in enumerate(some)
        )
        return list(self._ask(f"SELECT {', '.join(parts)}", given)[0])

    def with_one_of(self, asked: list[Term]) -> list[Row[Any]]:
        """The texts in which one of the terms is; the newest, if there are too many."""
        if not asked:
            return []
        # SQLite would rather begin with the room, and search the index once for each of its messages.
        join = "CROSS JOIN" if self._connection.dialect.name == "sqlite" else "JOIN"
        seen = self._shelf.seen.format(join=join)
        newest = (
            f"SELECT number FROM ({self._found('words')}) AS every "
            f"ORDER BY number DESC LIMIT {2 * _RANKED}"  # some of them the join leaves out
        )
        statement = f"SELECT {self._shelf.shown} FROM ({newest}) AS found {seen}"
        few = f"ORDER BY found.number DESC LIMIT {_RANKED}"
        return self._ask(f"{statement} {few}", {"words": self._matching(asked)})

    def _found(self, given: str) -> str:
        return fulltext.found_in(self._connection, self._shelf.table, given, self._within)

    def _matching(self, asked: list[Term]) -> str:
        return fulltext.matching(self._connection, self._places, asked)

    def _ask(self, statement: str, given: dict[str, str]) -> list[Row[Any]]:
        asked = text(statement)
        if ":room_ids" in statement:
            asked = asked.bindparams(bindparam("room_ids", expanding=True))
        return list(self._connection.execute(asked, {**self._given, **given}).all())


def _telling(counts: dict[Term, int], total: int) -> list[Term]:
    """The rarest terms, together in no more texts than are ranked: what holds only common ones is
    no answer, unless nothing else was asked.
    """
    rare_first = sorted((term for term in counts if counts[term]), key=counts.__getitem__)
    telling, texts = rare_first[:1], sum(counts[term] for term in rare_first[:1])
    for term in rare_first[1:]:
        texts += counts[term]
        if texts > _RANKED or (total > _FEW and counts[term] > total * ranking.COMMON):
            break
        telling.append(term)
    return telling


def _passage(row: Row[Any], quote: str = "") -> Passage:
    if "document_id" in row._fields:
        return Passage(
            "document",
            row.id,
            row.title,
            row.heading,
            row.body,
            quote,
            document_id=row.document_id,
        )
    return Passage(
        "message",
        row.id,
        row.title or _NAMELESS[row.kind],
        f"{row.author}, {row.at[:10]}",
        row.body,
        quote,
        room_id=row.room_id,
        seq=row.seq,
    )
