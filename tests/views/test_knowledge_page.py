"""The administrators' page of documents."""

from __future__ import annotations

from io import BytesIO

import pytest

from chatapp.actions import documents
from chatapp.store import documents as kept
from chatapp.store import passages

HERE = "/admin/knowledge"


@pytest.fixture
def settings():
    return {"DOCUMENT_BYTES": 100_000, "READING_TIME": 20}


@pytest.fixture
def page(at_browser, ada):
    visitor = at_browser(ada)
    visitor.get(HERE)
    return visitor


def file(content=b"# Guide\n\nMake a backup.", name="guide.md"):
    return BytesIO(content), name


def only():
    (document,) = kept.page("acme", after=None, limit=9)
    return document


def test_a_document_is_added_and_read_before_ones_eyes(page):
    assert "knows nothing yet" in page.get(HERE).text

    answer = page.post(HERE, file=file())

    assert (answer.status_code, answer.location) == (303, HERE)
    shown = page.get(HERE).text
    assert "guide.md is here." in shown
    assert "1 document that" in shown
    assert "Waiting to be read" in shown
    assert "data-changing" in shown
    kept.claim("acme", only().id)
    assert "Being read: 0 passages so far" in page.get(HERE).text


def test_what_was_read_no_longer_changes(page):
    page.post(HERE, file=file())
    documents.read_next()

    shown = page.get(HERE).text

    assert "1 passage" in shown
    assert "data-changing" not in shown
    assert "Markdown, 23 bytes" in shown


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"file": (BytesIO(b""), "guide.md")}, "The file is empty."),
        ({"file": (BytesIO(b"x" * 100_001), "a.txt")}, "The file is larger than 0.1 MB."),
        ({"file": (BytesIO(b"MZ"), "a.exe")}, "Only Markdown, text, HTML, PDF and Word"),
        ({"file": (BytesIO(b""), "")}, "Fill this in."),
        ({}, "Fill this in."),
    ],
)
def test_what_is_refused_is_refused_with_the_reason(page, sent, why):
    answer = page.post(HERE, **sent)

    assert answer.status_code == 303
    assert why in page.get(HERE).text
    assert kept.page("acme", after=None, limit=9) == []


def test_what_is_far_too_large_is_not_even_listened_to(page):
    answer = page.post(HERE, file=file(b"x" * 300_000, "a.txt"))

    assert answer.status_code == 413
    assert "The file is larger than 0.1 MB." in answer.text


def test_what_cannot_be_read_shows_why(page):
    page.post(HERE, file=file(b"<!-- nothing -->"))
    documents.read_next()

    shown = page.get(f"{HERE}/{only().id}").text

    assert "There is no text in it." in shown
    assert "data-changing" not in shown


def test_a_document_is_replaced_and_says_what_is_used_meanwhile(page):
    page.post(HERE, file=file())
    documents.read_next()
    there = f"{HERE}/{only().id}"

    answer = page.post(there, file=file(b"# Newer\n\nMake two backups.", "newer.md"))

    assert (answer.status_code, answer.location) == (303, there)
    shown = page.get(there).text
    assert "newer.md" in shown
    assert "former version is still used" in shown
    documents.read_next()
    assert "former version is still used" not in page.get(there).text
    (found,) = passages.search("acme", room_ids=[], words="backup", at_most=3)
    assert found.title == "newer.md"


def test_a_document_is_deleted(page):
    page.post(HERE, file=file())
    there = f"{HERE}/{only().id}"

    answer = page.post(f"{there}/remove")

    assert (answer.status_code, answer.location) == (303, HERE)
    assert "guide.md is deleted." in page.get(HERE).text
    assert page.get(there).status_code == 404
    assert page.post(f"{there}/remove").status_code == 404
    assert page.post(there, file=file()).status_code == 404


def test_a_name_is_shown_as_text(page):
    page.post(HERE, file=file(name="<img src=x onerror=alert(1)>.md"))

    assert "<img src=x" not in page.get(HERE).text
    assert "&lt;img src=x" in page.get(HERE).text


def test_many_documents_come_in_pages(page):
    for n in range(documents.AT_ONCE + 1):
        kept.add("acme", name=f"{n:03}.md", kind="markdown", content=b"x", by="ada", at_most=99)

    first = page.get(HERE)

    assert f"{documents.AT_ONCE + 1} documents" in first.text
    assert "Next page" in first.text
    assert f"{documents.AT_ONCE:03}.md" not in first.text


def test_a_member_has_no_business_here(at_browser, bob):
    visitor = at_browser(bob)

    assert visitor.get(HERE).status_code == 403
    assert visitor.post(HERE, file=file()).status_code == 403
    assert kept.page("acme", after=None, limit=9) == []


def test_a_form_that_is_not_ours_brings_nothing(page):
    page.token = "forged"

    assert page.post(HERE, file=file()).status_code == 403
    assert kept.page("acme", after=None, limit=9) == []
