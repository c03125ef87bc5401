"""Documents found by what they mean, when that is configured, and by words whenever it is not."""

from __future__ import annotations

import sqlite3
import sys
import time

import pytest
from sqlalchemy import func, select, text

from chatapp import jobs, llm
from chatapp.actions import answering, embeddings, history, rooms
from chatapp.actions import assistant as assistants
from chatapp.actions import documents as given
from chatapp.llm import Failure, embedding
from chatapp.store import attendants, database, documents, passages, tables, vectors
from chatapp.store.database import reading, writing
from config import ConfigError, ProviderKeys
from tests.fake_providers import FakeProviders

CAR = "An automobile needs petrol."
QUESTION = "Where is my car?"  # no word of it is in CAR
WARNING = "embeddings failed"


@pytest.fixture
def settings():
    return {"LOG_LEVEL": "warning"}


@pytest.fixture
def fake(app):
    with FakeProviders() as fake:
        fake.meanings = [{"car", "automobile"}, {"bread", "loaf"}]
        yield fake


@pytest.fixture
def configure(app, fake):
    def run(model="meanings-1", **keys):
        keys = {"EMBEDDING_MODEL": model, "OPENAI_BASE_URL": f"{fake.url}/v1", **keys}
        app.extensions.pop("embedding", None)
        llm.init_app(app, ProviderKeys(**keys))

    return run


@pytest.fixture
def compares(app):
    """For tests in which something is found: here, vectors can be compared."""
    if database.dialect() == "sqlite" and not hasattr(sqlite3.Connection, "enable_load_extension"):
        pytest.skip("this Python's sqlite3 loads no extensions")
    assert vectors.is_usable()


@pytest.fixture
def give(ada, mallory):
    def run(*bodies, name="guide.md", tenant_id="acme"):
        document = documents.add(
            tenant_id, name=name, kind="markdown", content=b"#", by="ada", at_most=99
        )
        claimed, _ = documents.claim(tenant_id, document.id)
        documents.keep(claimed, 0, [("", body, 0) for body in bodies])
        documents.serve(claimed, len(bodies))
        return document

    return run


def found(question=QUESTION, tenant_id="acme", at_most=9):
    meaning = embedding.meaning(question)
    some = passages.search(tenant_id, room_ids=[], words=question, at_most=at_most, meaning=meaning)
    return [passage.body for passage in some]


def kept():
    with reading() as connection:
        return connection.execute(select(func.count()).select_from(tables.passage_vectors)).scalar()


def test_a_question_finds_what_means_the_same_in_other_words(give, configure, compares):
    give(CAR, "A loaf of rye.")
    configure()
    assert found() == []

    embeddings.fill()

    assert found() == [CAR]
    assert found("Is there bread?") == ["A loaf of rye."]


def test_what_both_find_comes_first(give, configure, compares):
    give("Every car has wheels.", CAR, "My car is not bread. Bread is not a car. Bread, bread.")
    configure()
    embeddings.fill()

    first, *others = found("car")

    assert first == "Every car has wheels."
    assert CAR in others
    assert len(found("car", at_most=1)) == 1


def test_what_another_workspace_knows_is_not_found(give, configure, compares):
    give("Our loaf.")
    give(CAR, name="secret.md", tenant_id="rival")
    configure()
    embeddings.fill()

    assert kept() == 2
    assert found() == []
    assert found(tenant_id="rival") == [CAR]


def test_what_is_replaced_or_deleted_is_not_found_by_what_it_meant(give, configure, compares):
    document = give(CAR)
    configure()
    embeddings.fill()
    documents.replace("acme", document.id, name="b.md", kind="markdown", content=b"#", by="ada")
    assert found() == [CAR]
    claimed, _ = documents.claim("acme", document.id)
    documents.keep(claimed, 0, [("", "A loaf.", 0)])
    documents.serve(claimed, 1)
    assert found() == []
    embeddings.fill()
    assert kept() == 1

    documents.remove("acme", document.id)

    assert kept() == 0


def test_who_is_deleted_while_its_meaning_is_asked_leaves_nothing(give, configure):
    document = give(CAR)
    ((passage_id, _),) = vectors.missing("meanings-1", 9)
    documents.remove("acme", document.id)

    vectors.keep("meanings-1", [(passage_id, [1.0, 0.0])])

    assert kept() == 0


def test_all_is_done_anew_for_another_model(give, configure, fake, compares):
    give(*(f"Automobile {n}." for n in range(70)))
    configure("meanings-1")
    embeddings.fill()
    assert [len(asked.body["input"]) for asked in fake.requests] == [32, 32, 6]
    embeddings.fill()
    assert len(fake.requests) == 3

    configure("meanings-2")

    assert found() == [], "vectors of two models were compared"
    embeddings.fill()
    assert len(found()) == 9
    assert vectors.missing("meanings-2", 9) == []
    assert kept() == 70


def test_the_same_name_with_other_dimensions_finds_nothing_and_breaks_nothing(
    give, configure, fake, compares
):
    give(CAR)
    configure()
    embeddings.fill()
    fake.meanings.append({"other"})

    assert found() == []
    assert found("petrol") == [CAR]


def test_without_a_model_nobody_is_asked(give, app, fake):
    llm.init_app(app, ProviderKeys(OPENAI_BASE_URL=f"{fake.url}/v1"))
    give(CAR)

    embeddings.fill()

    assert found() == []
    assert found("petrol") == [CAR]
    assert (kept(), fake.requests) == (0, [])


@pytest.mark.parametrize(
    "fault", ["refuse", "limit", "break down", "cut", "garbage", "nonsense", "end early"]
)
def test_a_server_that_fails_is_warned_of_once_and_words_still_find(
    give, configure, fake, capsys, fault
):
    give(CAR)
    configure()
    fake.fault = fault

    assert found() == []
    assert found("petrol") == [CAR]
    embeddings.fill()
    with pytest.raises(Failure):
        embedding.vectors(["x"])

    assert kept() == 0
    said = capsys.readouterr()
    assert (said.out + said.err).count(WARNING) == 1
    assert "petrol" not in said.out + said.err


def test_while_it_fails_nobody_waits_for_it_and_when_it_is_back_it_is_used(
    give, configure, fake, compares
):
    give(CAR)
    configure()
    fake.fault = "break down"
    embeddings.fill()
    asked = len(fake.requests)
    assert found() == []
    assert len(fake.requests) == asked

    fake.fault = ""
    embeddings.fill()  # the clock does not wait

    assert found() == [CAR]


def test_who_asks_does_not_wait_for_a_server_that_says_nothing(give, configure, fake, monkeypatch):
    monkeypatch.setattr(embedding, "_QUESTION", 0.3)
    give(CAR)
    configure()
    fake.fault = "hang"
    began = time.monotonic()

    assert found("petrol") == [CAR]

    assert time.monotonic() - began < 3


def test_an_answer_is_given_from_it(give, configure, compares, ada, assistant):
    give(CAR)
    configure()
    attendants.say([])
    embeddings.fill()
    room = rooms.create(ada, kind="assistant")

    assistants.ask(ada, room_id=room.id, client_id="c-0000001", body=QUESTION)
    answering.answer(tenant_id="acme", room_id=room.id)

    while history.persist_batch(at_most=500):
        pass
    shown = history.page(ada, room_id=room.id, anchor="newest", before=9, after=0).messages
    (answer,) = [message for message in shown if message.run]
    assert CAR in answer.body
    assert [source["quote"] for source in answer.run["sources"]] == [CAR]


def test_who_has_read_a_document_asks_for_its_vectors(configure, ada, monkeypatch):
    asked = []
    monkeypatch.setattr(jobs, "embed_documents", lambda: asked.append(True))
    given.add(ada, name="guide.md", content=b"# Cars\n\nAn automobile.")
    given.read_next()
    assert asked == []

    configure()
    given.add(ada, name="other.md", content=b"# Cars\n\nAn automobile.")
    given.read_next()

    assert asked == [True]


def test_nobody_listening_there_is_no_matter(give, configure):
    give(CAR)
    configure(OPENAI_BASE_URL="http://127.0.0.1:9/v1")

    embeddings.fill()

    assert found("petrol") == [CAR]


def test_a_passage_that_the_model_does_not_take_holds_up_none(give, configure, fake, compares):
    give("automobile " * 50, CAR)
    configure()
    fake.longest = 200

    embeddings.fill()

    assert found() == [CAR]
    assert vectors.missing("meanings-1", 9) == [], "it would be asked again for ever"


def test_a_server_that_refuses_everything_is_asked_again(give, configure, fake, compares):
    give(CAR)
    configure()
    fake.longest = 0
    embeddings.fill()
    assert kept() == 0

    fake.longest = None
    embeddings.fill()

    assert kept() == 1


def test_without_an_extension_words_find_and_nobody_is_asked(
    give, configure, fake, capsys, monkeypatch
):
    give(CAR)
    configure()
    if database.dialect() == "sqlite":
        monkeypatch.setitem(sys.modules, "sqlite_vec", None)
    else:
        monkeypatch.setattr(
            vectors, "_OFFERED", text("SELECT 1 FROM pg_available_extensions WHERE name = 'none'")
        )
        with writing() as connection:
            connection.execute(text("DROP EXTENSION IF EXISTS vector"))

    embeddings.fill()
    embeddings.fill()

    assert (kept(), fake.requests) == (0, [])
    assert found("petrol") == [CAR]
    said = capsys.readouterr()
    assert (said.out + said.err).count("a vector extension is missing") == 1


def test_the_key_of_one_server_is_not_shown_to_another(configure, fake):
    configure(
        OPENAI_API_KEY="sk-theirs",
        OPENAI_BASE_URL="",
        EMBEDDING_BASE_URL=f"{fake.url}/v1",
        EMBEDDING_API_KEY="",
    )

    embedding.vectors(["x"])

    (asked,) = fake.requests
    assert "sk-theirs" not in str(asked.headers)


def test_a_model_needs_a_server():
    with pytest.raises(ConfigError, match="EMBEDDING_MODEL"):
        ProviderKeys(EMBEDDING_MODEL="meanings-1")
