"""Reading documents in the background, whatever happens to whoever reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from chatapp.actions import documents
from chatapp.errors import Busy
from chatapp.store import documents as kept
from chatapp.store import passages, tables
from chatapp.store.database import writing
from tests import papers

WORDS = "\n\n".join(f"# Part {n}\n\n{'word ' * 150}part{n}" for n in range(120)).encode()


@pytest.fixture
def settings():
    return {"READING_TIME": 10}


@pytest.fixture
def give(ada):
    return lambda name="guide.md", content=WORDS: documents.add(ada, name=name, content=content)


def test_progress_is_told_while_it_is_read(give, monkeypatch):
    """And nothing is found before all of it is."""
    document, told = give(), []
    keep = kept.keep

    def watched(*args):
        went_on = keep(*args)
        now = kept.find("acme", document.id)
        told.append((now.state, now.done))
        assert passages.search("acme", room_ids=[], words="part3", at_most=3) == []
        return went_on

    monkeypatch.setattr(kept, "keep", watched)
    documents.read_next()

    assert told == [("reading", 50), ("reading", 100), ("reading", 120)]
    now = kept.find("acme", document.id)
    assert (now.state, now.done, now.served) == ("ready", 120, 1)
    assert passages.search("acme", room_ids=[], words="part3", at_most=3)


def test_who_was_killed_while_reading_is_followed_by_another(give, monkeypatch):
    document, keep = give(), kept.keep

    def killed(*args):
        keep(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(kept, "keep", killed)
        with pytest.raises(KeyboardInterrupt):
            documents.read_next()
    assert kept.find("acme", document.id).done == 50
    assert not documents.read_next()  # it may be still at it

    with writing() as connection:
        long_ago = datetime.now(UTC) - kept.patience() - timedelta(seconds=1)
        connection.execute(update(tables.documents).values(changed_at=long_ago))
    assert documents.read_next()

    now = kept.find("acme", document.id)
    assert (now.state, now.done) == ("ready", 120)


def test_a_document_that_is_replaced_while_it_is_read_is_read_anew(give, ada, monkeypatch):
    document, keep = give(), kept.keep

    def replaced(*args):
        monkeypatch.setattr(kept, "keep", keep)
        documents.replace(ada, document_id=document.id, name="guide.md", content=b"# New\n\nnewest")
        return keep(*args)

    monkeypatch.setattr(kept, "keep", replaced)
    documents.read_next()
    assert kept.find("acme", document.id).state == "waiting"
    documents.read_next()

    now = kept.find("acme", document.id)
    assert (now.state, now.version, now.served, now.done) == ("ready", 2, 2, 1)
    assert passages.search("acme", room_ids=[], words="part3", at_most=3) == []


def test_a_document_that_is_deleted_while_it_is_read_leaves_nothing(give, ada, monkeypatch):
    document, keep = give(), kept.keep

    def removed(*args):
        went_on = keep(*args)
        documents.remove(ada, document_id=document.id)
        return went_on

    monkeypatch.setattr(kept, "keep", removed)
    documents.read_next()

    assert kept.find("acme", document.id) is None
    assert passages.search("acme", room_ids=[], words="part3", at_most=3) == []
    assert not documents.read_next()


def test_a_fault_of_ours_ends_the_reading_and_the_database_away_does_not(give, monkeypatch):
    document = give()

    def away(*_):
        raise Busy

    with monkeypatch.context() as broken:
        broken.setattr(kept, "serve", away)
        with pytest.raises(Busy):
            documents.read_next()
    assert kept.find("acme", document.id).state == "reading"

    other = give("other.md", b"# Other")
    monkeypatch.setattr(kept, "serve", lambda *_: 1 / 0)
    documents.read_next()

    now = kept.find("acme", other.id)
    assert (now.state, now.done) == ("failed", 0)
    assert "fault of ours" in now.error


def test_one_that_cannot_be_read_holds_up_nobody(give):
    bad = give("endless.pdf", papers.raw_pdf(b"BT /F 12 Tf\n" + b"(x) Tj T*\n" * 3_000_000 + b"ET"))
    good = give("good.md", b"# Good")

    assert documents.read_next()
    assert documents.read_next()
    assert not documents.read_next()

    assert kept.find("acme", bad.id).state == "failed"
    assert kept.find("acme", bad.id).error
    assert kept.find("acme", good.id).state == "ready"
