"""The documents of a workspace, over the API."""

from __future__ import annotations

from io import BytesIO

import pytest

from chatapp.actions import documents
from chatapp.store import passages
from tests import papers

GUIDE = b"# Guide\n\nTo make a backup, copy the file.\n"


@pytest.fixture
def settings():
    return {"DOCUMENT_BYTES": 200_000, "DOCUMENTS": 3, "READING_TIME": 20, "LOG_LEVEL": "debug"}


@pytest.fixture
def upload(api, ada):
    """upload(b"...", "guide.md"): by ada, who administers acme."""

    def make(content=GUIDE, name="guide.md", *, by=ada, to=None, given=None, **more):
        method, path = ("PUT", f"/documents/{to}") if to else ("POST", "/documents")
        headers = {"Idempotency-Key": more.pop("key")} if "key" in more else {}
        if given:
            more["name"] = given
        return api(by)(method, path, data={"file": (BytesIO(content), name), **more}, **headers)

    return make


def test_an_uploaded_document_is_read_and_its_passages_open(api, ada, bob, upload):
    told = upload()
    assert told.status_code == 201
    document = told.json["data"]
    assert (document["state"], document["passages"], document["served"]) == ("waiting", 0, None)
    assert (document["name"], document["kind"], document["size"]) == (
        "guide.md",
        "markdown",
        len(GUIDE),
    )

    assert documents.read_next()
    assert not documents.read_next()

    path = f"/documents/{document['id']}"
    now = api(bob)("GET", path).json["data"]
    assert (now["state"], now["passages"], now["served"]) == ("ready", 1, 1)
    assert api(bob)("GET", "/documents").json["data"] == {"items": [now], "next": None}
    (found,) = passages.search("acme", room_ids=[], words="How do I make backups?", at_most=3)
    passage = api(bob)("GET", f"/passages/{found.id}").json["data"]
    assert passage == {
        "id": found.id,
        "document_id": document["id"],
        "title": "guide.md",
        "heading": "Guide",
        "text": GUIDE.decode().strip(),
        "start": 0,
        "before": "",
        "after": "",
    }


def test_a_document_is_replaced_under_its_id(api, ada, upload):
    first = upload().json["data"]
    documents.read_next()
    (old,) = passages.search("acme", room_ids=[], words="backup", at_most=3)

    second = upload(b"<p>Backups are made by themselves.", "guide.html", to=first["id"]).json[
        "data"
    ]
    assert (second["id"], second["version"], second["served"]) == (first["id"], 2, 1)
    assert api(ada)("GET", f"/passages/{old.id}").status_code == 200
    documents.read_next()

    assert api(ada)("GET", f"/passages/{old.id}").status_code == 404
    (new,) = passages.search("acme", room_ids=[], words="backup", at_most=3)
    assert (new.title, new.body) == ("guide.html", "Backups are made by themselves.")


def test_a_deleted_document_is_gone(api, ada, upload):
    document = upload().json["data"]
    documents.read_next()
    (found,) = passages.search("acme", room_ids=[], words="backup", at_most=3)

    assert api(ada)("DELETE", f"/documents/{document['id']}").json == {"ok": True, "data": {}}

    for path in (f"/documents/{document['id']}", f"/passages/{found.id}"):
        assert api(ada)("GET", path).status_code == 404
    assert api(ada)("DELETE", f"/documents/{document['id']}").status_code == 404
    assert passages.search("acme", room_ids=[], words="backup", at_most=3) == []


def test_what_cannot_be_read_later_says_why(api, ada, upload):
    document = upload(papers.pdf(""), "scan.pdf").json["data"]

    documents.read_next()

    now = api(ada)("GET", f"/documents/{document['id']}").json["data"]
    assert (now["state"], now["passages"], now["served"]) == ("failed", 0, None)
    assert "no text in it" in now["error"]


@pytest.mark.parametrize(
    ("content", "name", "status", "why"),
    [
        (b"x" * 200_001, "a.txt", 413, "larger than 0.2 MB"),
        (b"x" * 400_000, "a.txt", 413, "larger than 0.2 MB"),
        (b"", "a.md", 422, "empty"),
        (papers.encrypted_pdf("Hello"), "a.pdf", 422, "encrypted"),
        (papers.pdf("Hello"), "a.docx", 422, "not a Word document"),
        (b"MZ", "a.exe", 422, "Only Markdown"),
        (GUIDE, "x" * 200 + ".md", 422, "name of up to"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_reason(
    api, ada, upload, content, name, status, why
):
    told = upload(content, name)

    assert told.status_code == status
    assert why in told.json["error"]["message"]
    assert api(ada)("GET", "/documents").json["data"]["items"] == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.md", "passwd.md"),
        ("C:/Users/ada/guide.md", "guide.md"),
        ("gui\u202ede.md", "guide.md"),
        ("<b>.md", "<b>.md"),
    ],
)
def test_a_name_is_a_name_and_no_path(upload, given, kept):
    assert upload(name=given).json["data"]["name"] == kept


def test_a_document_may_be_given_another_name(upload):
    assert upload(b"<p>Hello", "tmp123", name_="x").status_code == 422
    told = upload(b"<p>Hello", "tmp123", given="hello.html")

    assert (told.json["data"]["name"], told.json["data"]["kind"]) == ("hello.html", "html")


def test_the_same_request_twice_makes_one_document(api, ada, upload):
    first, second = upload(key="once-0001"), upload(key="once-0001")

    assert first.json == second.json
    assert upload(b"# Other", key="once-0001").status_code == 409
    assert upload().json["error"]["code"] == "conflict"
    assert len(api(ada)("GET", "/documents").json["data"]["items"]) == 1


def test_a_workspace_is_full_some_day(upload):
    for n in range(3):
        assert upload(name=f"{n}.md").status_code == 201

    told = upload(name="4.md")

    assert (told.status_code, told.json["error"]["code"]) == (409, "conflict")


def test_only_administrators_change_what_everybody_may_read(api, ada, bob, upload):
    document = upload().json["data"]

    assert upload(name="mine.md", by=bob).json["error"]["code"] == "not_allowed"
    assert upload(to=document["id"], by=bob).json["error"]["code"] == "not_allowed"
    assert api(bob)("DELETE", f"/documents/{document['id']}").status_code == 403
    assert api(bob)("GET", f"/documents/{document['id']}").json["data"] == document
    # Who may not send a document is not listened to for megabytes.
    assert upload(b"x" * 150_000, "big.txt", by=bob).status_code == 413


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"file": "guide.md"}},
        {"data": {"file": "no file"}},
        {"data": {"other": (BytesIO(b"x"), "x.md")}},
        {"data": {}},
        {},
    ],
)
def test_what_is_no_form_with_a_file_is_refused(api, ada, sent):
    told = api(ada)("POST", "/documents", **sent)

    assert (told.status_code, told.json["error"]["code"]) == (422, "invalid_payload")
    assert "file" in told.json["error"]["details"]


def test_the_log_tells_of_a_document_without_its_words(upload, capsys):
    upload(b"# Secret\n\ncanary", "canary.md")
    documents.read_next()
    upload(b"%PDF-1.7 canary", "canary.pdf")
    documents.read_next()

    told = capsys.readouterr().err
    assert told.count('"document read"') == 2
    assert "canary" not in told
