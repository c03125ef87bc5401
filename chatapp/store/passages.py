"""What a workspace knows, by words: passages of its documents, and what was said in rooms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, select

from chatapp.store import excerpts, fulltext, ranking, vectors
from chatapp.store.database import reading
from chatapp.store.fulltext import Term
from chatapp.store.shelves import DOCUMENTS, MESSAGES, RANKED, Search
from chatapp.store.tables import documents, passages
from chatapp.types import Meaning, Passage, PassageInPlace

_FEW = 20  # texts among which no word is too common to say something
_NAMELESS = {"direct": "Direct message", "assistant": "Assistant"}


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
        shelves = [Search(connection, DOCUMENTS, tenant_id, [tenant_id])]
        if rooms := list(room_ids):
            shelves.append(Search(connection, MESSAGES, tenant_id, rooms))
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


def _telling(counts: dict[Term, int], total: int) -> list[Term]:
    """The rarest terms, together in no more texts than are ranked: what holds only common ones is
    no answer, unless nothing else was asked.
    """
    rare_first = sorted((term for term in counts if counts[term]), key=counts.__getitem__)
    telling, texts = rare_first[:1], sum(counts[term] for term in rare_first[:1])
    for term in rare_first[1:]:
        texts += counts[term]
        if texts > RANKED or (total > _FEW and counts[term] > total * ranking.COMMON):
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
