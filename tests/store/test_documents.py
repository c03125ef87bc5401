"""Documents and what is found of them, on whichever database the tests run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from chatapp.errors import Conflict
from chatapp.store import documents, passages, tables
from chatapp.store.database import reading, writing

PIECES = [("Backup", "How to make a backup of the record.", 0), ("Limits", "Sixty messages.", 37)]


@pytest.fixture
def give(ada, mallory):
    """give("guide.md", pieces): read and served."""

    def make(name="guide.md", pieces=PIECES, tenant_id="acme", until="served"):
        document = documents.add(
            tenant_id, name=name, kind="markdown", content=b"# x", by="ada", at_most=9
        )
        if until == "added":
            return document
        return read(document, pieces, until)

    return make


def read(document, pieces=PIECES, until="served"):
    claimed, _ = documents.claim(document.tenant_id, document.id)
    assert documents.keep(claimed, 0, pieces)
    if until == "served":
        assert documents.serve(claimed, len(pieces))
    return claimed


def again(document, name="guide.md", content=b"# y"):
    return documents.replace(
        document.tenant_id, document.id, name=name, kind="markdown", content=content, by="bob"
    )


def found(words, tenant_id="acme", room_ids=(), at_most=9):
    return passages.search(tenant_id, room_ids=room_ids, words=words, at_most=at_most)


def bodies(words, **where):
    return [passage.body for passage in found(words, **where)]


def test_a_document_is_found_when_it_is_read(give):
    document = give(until="kept")
    assert found("backup") == []

    assert documents.serve(document, 2)

    (passage,) = found("Where do I find the backups?")
    assert (passage.kind, passage.title, passage.heading) == ("document", "guide.md", "Backup")
    assert passage.document_id == document.id
    kept = documents.find("acme", document.id)
    assert (kept.state, kept.served, kept.done, kept.error) == ("ready", 1, 2, None)


def test_a_document_is_found_by_its_name_and_its_headings(give):
    give("Reisekosten.md", [("Spesen › Bahn", "Zweite Klasse.", 0)])

    for words in ("reisekosten", "Bahn", "spese"):
        assert bodies(words) == ["Zweite Klasse."]


def test_what_was_read_before_is_found_until_the_new_is_there(give):
    document = give()
    (old,) = found("backup")

    assert again(document, content=b"# new").version == 2
    assert found("backup") == [old]
    reader = read(document, [("", "A backup is made by itself.", 0)], until="kept")
    assert found("backup") == [old]
    documents.serve(reader, 1)

    assert bodies("backup") == ["A backup is made by itself."]
    assert passages.find("acme", old.id) is None
    assert kept(tables.passages) == 1
    assert kept(tables.document_files) == 1


def test_what_cannot_be_read_leaves_what_was_there(give):
    document = give()
    again(document)
    reader = read(document, until="kept")

    documents.give_up(reader, 2, "It is damaged.")

    now = documents.find("acme", document.id)
    assert (now.state, now.error, now.version, now.served) == ("failed", "It is damaged.", 2, 1)
    assert len(found("backup")) == 1
    assert kept(tables.passages) == 2
    assert documents.unread() == []


def test_who_reads_a_version_that_was_replaced_brings_nothing(give):
    document = give(until="added")
    reader = read(document, until="kept")
    again(document)

    assert not documents.keep(reader, 2, PIECES)
    assert not documents.serve(reader, 2)
    documents.give_up(reader, 2, "late")
    assert documents.find("acme", document.id).state == "waiting"
    assert kept(tables.passages) == 0


def test_a_version_has_one_reader_until_that_one_is_gone(give):
    document = give(until="added")
    assert documents.unread() == [("acme", document.id)]
    first, _ = documents.claim("acme", document.id)
    assert documents.keep(first, 0, PIECES)
    assert documents.claim("acme", document.id) is None
    assert documents.unread() == []

    long_ago = datetime.now(UTC) - documents.patience() - timedelta(seconds=1)
    with writing() as connection:
        connection.execute(update(tables.documents).values(changed_at=long_ago))
    assert documents.unread() == [("acme", document.id)]
    second, _ = documents.claim("acme", document.id)

    assert not documents.keep(first, 2, PIECES)
    assert documents.keep(second, 0, PIECES)
    assert documents.serve(second, 2)
    assert not documents.serve(first, 2)
    assert kept(tables.passages) == 2


def test_what_is_deleted_is_nowhere(give, app):
    secret = [("Zanzibar", "The canarybird sings in Zanzibar.", 0)]
    other, document = give("other.md"), give("secret.md", secret)
    again(document, content=b"canarybird")
    read(document, secret)
    assert found("canarybird")

    assert documents.remove("acme", document.id)

    assert found("canarybird") == []
    assert documents.find("acme", document.id) is None
    assert not documents.remove("acme", document.id)
    assert b"canarybird" not in everything(app)
    assert b"secret.md" not in everything(app)
    assert b"canarybird" not in file_of(app)
    assert len(found("backup")) == 1
    assert b"backup" in everything(app)
    assert documents.find("acme", other.id)


def everything(app):
    """All that the database has in any table, those of the indexes too."""
    with app.extensions["database"].connect() as connection:
        if connection.dialect.name == "sqlite":
            names = "SELECT name FROM sqlite_master WHERE type = 'table'"
        else:
            names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        told = b""
        for (name,) in connection.execute(text(names)).all():
            for row in connection.execute(text(f"SELECT * FROM {name}")):
                for value in row:
                    told += value if isinstance(value, bytes) else str(value).encode()
        return told


def file_of(app):
    """SQLite's own file, with all that was deleted from it and not overwritten."""
    engine = app.extensions["database"]
    if engine.dialect.name != "sqlite":
        return b""
    with engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    content = Path(engine.url.database).read_bytes()
    assert b"backup" in content
    return content


def kept(table):
    with reading() as connection:
        return len(connection.execute(select(table)).all())


def test_a_name_is_given_once_in_a_workspace(give):
    document = give()
    with pytest.raises(Conflict, match="of this name"):
        give(until="added")
    other = give("other.md")
    with pytest.raises(Conflict, match="of this name"):
        again(other)

    assert again(document).version == 2
    assert give(tenant_id="rival")


def test_a_workspace_has_so_many_documents_and_no_more(give):
    for n in range(9):
        give(f"{n}.md", until="added")

    with pytest.raises(Conflict, match="9 documents already"):
        give("one too many.md", until="added")


def test_documents_are_listed_by_name_page_by_page(give):
    for name in ("b", "a", "c"):
        give(name, until="added")
    give("x", tenant_id="rival", until="added")

    first = documents.page("acme", after=None, limit=2)
    assert [each.name for each in first] == ["a", "b"]
    rest = documents.page("acme", after=(first[1].name, first[1].id), limit=2)
    assert [each.name for each in rest] == ["c"]


def test_a_passage_stands_between_its_neighbours(give):
    give(pieces=[("", "One backup.", 0), ("", "Two limits.", 13), ("", "Three ends.", 26)])
    (one,), (two,), (three,) = found("backup"), found("limits"), found("ends")

    places = [passages.find("acme", each.id) for each in (one, two, three)]

    assert [place.passage for place in places] == [one, two, three]
    assert [place.start for place in places] == [0, 13, 26]
    assert [place.before for place in places] == ["", "One backup.", "Two limits."]
    assert [place.after for place in places] == ["Two limits.", "Three ends.", ""]
    assert passages.find("rival", one.id) is None
    assert passages.find("acme", "none") is None


def test_what_is_quoted_is_what_was_asked_for_however_far_into_a_passage(give):
    filler = " ".join(f"Sentence {n} is beside the point." for n in range(60))
    give(pieces=[("", f"{filler} The zebra eats melons. {filler}", 0)])

    (passage,) = found("What does the zebra eat?")

    assert "The zebra eats melons." in passage.quote
    assert len(passage.quote) < 610
    assert passage.quote.removeprefix("… ").removesuffix(" …") in passage.body


def test_documents_of_others_are_not_there(give):
    document = give()
    give("theirs.md", [("", "Their backup is a canary.", 0)], tenant_id="rival")

    assert bodies("backup canary") == [PIECES[0][1]]
    assert bodies("backup canary", tenant_id="rival") == ["Their backup is a canary."]
    assert documents.find("rival", document.id) is None
    assert not documents.remove("rival", document.id)
    assert documents.claim("rival", document.id) is None
    assert (
        documents.replace("rival", document.id, name="x", kind="text", content=b"x", by="eve")
        is None
    )
    assert len(found("backup")) == 1


def test_what_others_say_does_not_change_what_a_word_is_worth(give):
    """Not even how often they use a word is told."""
    mine = [("", "apple pear", 0), ("", "apple plum", 12), ("", "pear fig", 24)]
    give(pieces=mine)
    before = bodies("apple pear")

    give("noise.md", [("", f"pear {n}", n) for n in range(200)], tenant_id="rival")

    assert bodies("apple pear") == before


def test_a_question_finds_its_answer_among_many(give):
    noise = [
        ("", f"This is the part of the manual that is about the thing {n}.", n) for n in range(90)
    ]
    answer = ("Restoring", "To restore the database, stop the workers and put the dump back.", 999)
    give(pieces=[*noise[:45], answer, *noise[45:]])

    assert bodies("How is the database restored? What is the way to do that?") == [answer[1]]
    assert bodies("the") != []
    assert bodies("nonexistentword") == []
    assert bodies("") == bodies("?!") == []
    assert len(found("manual", at_most=3)) == 3


@pytest.mark.parametrize(
    "hostile",
    [
        '"',
        "'",
        "a' OR '1'='1",
        "NEAR(a b)",
        "words:*",
        "foo* AND (",
        ":matching",
        "%",
        "a\0b",
        "é" * 9000,
    ],
)
def test_no_question_breaks_the_search(give, hostile):
    give()

    assert len(found(f"{hostile} backup")) <= 1
    found(hostile)
