"""Documents found by what they mean, when that is configured, and by words whenever it is not."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from chatapp import jobs, llm
from chatapp.actions import answering, assistant_settings, embeddings, history, rooms
from chatapp.actions import assistant as assistants
from chatapp.actions import documents as given
from chatapp.errors import Busy, NotAllowed
from chatapp.llm import embedding, farewell
from chatapp.store import (
    allowances,
    attendants,
    briefing,
    budgets,
    database,
    documents,
    keys,
    passages,
    tables,
    vectors,
)
from chatapp.store import assistants as settings_of
from chatapp.store.connection import redis
from chatapp.store.database import reading, writing
from chatapp.store.vectors import Made
from chatapp.types import Assistant, Embedded, Embedder, Meaning
from config import ConfigError, ProviderKeys
from tests.fake_providers import FakeProviders

ROOT = Path(__file__).parent.parent.parent
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
def agree(ada, mallory):
    """agree("acme"), or agree("acme", False): whether its texts may be sent."""

    def run(tenant_id, wanted=True, **more):
        settings_of.put(tenant_id, Assistant(find_by_meaning=wanted, **more))

    return run


@pytest.fixture
def configure(app, fake, agree):
    """A model, and two workspaces that want to be found by it."""

    def run(model="meanings-1", **keys):
        keys = {"EMBEDDING_MODEL": model, "OPENAI_BASE_URL": f"{fake.url}/v1", **keys}
        app.extensions.pop("embedding", None)
        llm.init_app(app, ProviderKeys(**keys))
        for tenant_id in ("acme", "rival"):
            agree(tenant_id)

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
    asked = None if embedding.rests() else embedding.meaning(question)
    meaning = Meaning(embedding.model(), *asked.vectors) if asked and asked.vectors else None
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


@pytest.mark.parametrize("gone", ["the document", "the wish"])
def test_what_is_gone_while_its_meaning_is_asked_leaves_nothing(give, configure, agree, gone):
    document = give(CAR)
    configure()
    ((passage_id, _),) = vectors.missing("acme", "meanings-1", 9)
    if gone == "the document":
        documents.remove("acme", document.id)
    else:
        agree("acme", False)

    vectors.keep("meanings-1", [Made(passage_id, [1.0, 0.0])])

    assert kept() == 0


# --- consent -------------------------------------------------------------------------------------


def test_no_text_is_sent_for_who_does_not_want_it(give, configure, agree, fake, compares):
    give("Our loaf.")
    give(CAR, name="secret.md", tenant_id="rival")
    configure()
    agree("rival", False)

    embeddings.fill()

    assert [asked.body["input"] for asked in fake.requests] == [["guide.md\n\nOur loaf."]]
    assert vectors.lacking("meanings-1") == []


def test_no_question_is_sent_for_who_does_not_want_it(give, configure, agree, fake, ask):
    give(CAR)
    configure()
    embeddings.fill()
    agree("acme", False)
    fake.requests.clear()

    assert ask("Does it need petrol?").run["outcome"] == "done"

    assert fake.requests == []


def test_who_comes_to_want_it_is_found_by_meaning_and_who_ceases_to_leaves_no_vector(
    give, configure, agree, fake, ada, compares, monkeypatch
):
    called = []
    monkeypatch.setattr(jobs, "embed_documents", lambda: called.append(True))
    give(CAR)
    give(CAR, name="theirs.md", tenant_id="rival")
    configure()
    embeddings.fill()
    assistant_settings.change(ada, find_by_meaning=False)
    assert (kept(), found(), found(tenant_id="rival")) == (1, [], [CAR])

    attendants.say([], embedding.embedder())
    assistant_settings.change(ada, find_by_meaning=True)
    assert called == [True]
    embeddings.fill()

    assert (kept(), found()) == (2, [CAR])
    told = assistant_settings.show(ada)
    assert told.embedder == Embedder("meanings-1", fake.url.removeprefix("http://"))
    assert told.embedded == Embedded(passages=1, embedded=1, refused=0)


def test_a_worker_says_where_texts_are_sent_and_no_more(configure, fake):
    host = fake.url.removeprefix("http://")
    configure(EMBEDDING_BASE_URL=f"http://ada:canary@{host}/v1?key=canary")

    assistants.attend()

    assert attendants.embedder() == Embedder("meanings-1", host)


def test_the_page_says_how_far_it_is_and_what_the_model_does_not_take(
    give, configure, fake, at_browser, ada, compares
):
    give(CAR, "automobile " * 50)
    configure()
    assistants.attend()
    page = at_browser(ada)
    waiting = page.get("/admin/assistant").text
    fake.longest = 200

    embeddings.fill()

    assert "0 of 2 passages can be found by meaning. The others follow" in waiting
    done = page.get("/admin/assistant").text
    assert "1 of 2 passages can be found by meaning. The model does not take 1 of them" in done
    assert "(status 400)" in done


# --- what is found -------------------------------------------------------------------------------


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
    assert vectors.missing("acme", "meanings-2", 9) == []
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
    assert embedding.ask(["x"]).failure

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


@pytest.fixture
def ask(ada, assistant, persist):
    """ask("Where …?"): what the librarian answers."""

    def run(question):
        attendants.say([])
        room = rooms.create(ada, kind="assistant")
        assistants.ask(ada, room_id=room.id, client_id="c-0000001", body=question)
        answering.answer(tenant_id="acme", room_id=room.id)
        persist()
        shown = history.page(ada, room_id=room.id, anchor="newest", before=9, after=0).messages
        (answer,) = [message for message in shown if message.run]
        return answer

    return run


def test_an_answer_is_given_from_it(give, configure, compares, ask):
    give(CAR)
    configure()
    embeddings.fill()

    answer = ask(QUESTION)

    assert CAR in answer.body
    assert [source["quote"] for source in answer.run["sources"]] == [CAR]


def test_who_has_read_a_document_asks_for_its_vectors(configure, agree, ada, monkeypatch):
    asked = []
    monkeypatch.setattr(jobs, "embed_documents", lambda: asked.append(True))

    def read(name):
        given.add(ada, name=name, content=b"# Cars\n\nAn automobile.")
        given.read_next()
        return len(asked)

    assert read("without-a-model.md") == 0
    configure()
    assert read("with-one.md") == 1
    agree("acme", False)
    assert read("unwanted.md") == 1


def test_nobody_listening_there_is_no_matter(give, configure):
    give(CAR)
    configure(OPENAI_BASE_URL="http://127.0.0.1:9/v1")

    embeddings.fill()

    assert found("petrol") == [CAR]


@pytest.mark.parametrize("status", [400, 413, 500])
def test_passages_that_the_model_does_not_take_hold_up_no_others(
    give, configure, fake, capsys, compares, monkeypatch, status
):
    monkeypatch.setattr(embeddings, "_AT_ONCE", 4)
    give(*["automobile " * 50] * 5, CAR, "automobile " * 50)
    configure()
    fake.longest, fake.too_long = 200, status

    embeddings.fill()

    assert found(at_most=50) == [CAR]
    assert vectors.missing("acme", "meanings-1", 9) == [], "it would be asked again for ever"
    assert vectors.progress("acme", "meanings-1") == Embedded(7, 1, 6, f"status {status}")
    said = capsys.readouterr()
    assert (said.out + said.err).count("cannot be embedded") == 6
    asked = len(fake.requests)
    embeddings.fill()
    assert len(fake.requests) == asked


def test_what_was_paid_for_is_kept_when_the_server_fails_at_the_rest(
    give, configure, fake, compares, monkeypatch
):
    give(CAR, "automobile " * 50)
    configure()
    fake.longest = 200
    monkeypatch.setattr(embedding, "_BATCH", 0.5)
    ask, asked = embedding.ask, []

    def hang_at_the_third(texts):
        asked.append(texts)
        fake.fault = "hang" if len(asked) == 3 else ""
        return ask(texts)

    monkeypatch.setattr(embedding, "ask", hang_at_the_third)
    embeddings.fill()

    assert (len(asked), kept()) == (3, 1)


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

    embedding.ask(["x"])

    (asked,) = fake.requests
    assert "sk-theirs" not in str(asked.headers)


def test_a_model_needs_a_server():
    with pytest.raises(ConfigError, match="EMBEDDING_MODEL"):
        ProviderKeys(EMBEDDING_MODEL="meanings-1")


# --- what it costs -------------------------------------------------------------------------------

SMALL = "text-embedding-3-small"  # two cents for a million tokens


def used(tenant_id="acme"):
    """(what, who, where, model, tokens, cost) of everything, in its order."""
    row = tables.usage.c
    query = (
        select(row.what, row.person_id, row.room_id, row.model, row.input_tokens, row.cost)
        .where(row.workspace_id == tenant_id)
        .order_by(row.at)
    )
    with reading() as connection:
        return [tuple(each) for each in connection.execute(query)]


def left():
    return budgets.left("acme", person_id="ada", room_id="lobby")


def test_documents_are_paid_for_by_their_workspace(give, configure, compares):
    allowances.put("acme", "workspace", "", 1_000)
    allowances.put("acme", "person", "", 0)  # is nobody's concern here
    give(CAR)
    give("A loaf of rye.", tenant_id="rival")
    configure(SMALL)

    embeddings.fill()

    assert used() == [("documents", "", "", SMALL, 5, 1)]  # a millionth: rounded up
    assert len(used("rival")) == 1
    assert left()["workspace"] == 999
    assert budgets.holds("acme") == {}


def test_a_question_is_paid_for_by_who_asks(give, configure, compares, ask):
    give(CAR)
    configure(SMALL)
    embeddings.fill()
    allowances.put("acme", "person", "", 1_000)

    answer = ask(QUESTION)

    assert CAR in answer.body
    assert used()[1:] == [("question", "ada", answer.room_id, SMALL, 4, 1)]
    assert left()["person"] == 999
    assert budgets.holds("acme") == {}


def test_an_answer_goes_on_when_its_question_was_paid_for_and_redis_does_not_hear_of_it(
    give, configure, compares, ask, monkeypatch
):
    give(CAR)
    configure(SMALL)
    embeddings.fill()
    settle, refusals = budgets.settle, iter([Busy])

    def settle_when_redis_is_back(*args):
        if refusal := next(refusals, None):
            raise refusal
        settle(*args)

    monkeypatch.setattr(budgets, "settle", settle_when_redis_is_back)

    answer = ask(QUESTION)

    assert next(refusals, None) is None
    assert (CAR in answer.body, answer.run["outcome"]) == (True, "done")


def test_what_no_budget_allows_is_not_sent(give, configure, fake, compares, ask):
    give(CAR)
    give(CAR, tenant_id="rival")
    configure(SMALL)
    allowances.put("acme", "workspace", "", 0)

    embeddings.fill()

    assert (used(), len(fake.requests), len(used("rival"))) == ([], 1, 1)
    allowances.put("acme", "workspace", "", 10)
    embeddings.fill()
    assert kept() == 2
    allowances.put("acme", "workspace", "", 0)
    fake.requests.clear()
    assert ask("Does it need petrol?").run["outcome"] == "done", "the librarian costs nothing"
    assert fake.requests == []


@pytest.mark.parametrize(
    ("limit", "price", "costs"),
    [(None, None, [None]), (99, None, []), (0, 0, [0]), (99, 500_000, [3])],
)
def test_a_price_that_nobody_knows_is_within_no_budget(
    give, configure, agree, fake, compares, limit, price, costs
):
    give(CAR)
    configure("our-own")
    agree("acme", embedding_price=price)
    allowances.put("acme", "workspace", "", limit)

    embeddings.fill()

    assert len(fake.requests) == len(costs)
    assert [line[5] for line in used()] == costs


@pytest.mark.parametrize(("fault", "lines"), [("refuse", 0), ("limit", 0), ("hang", 1), ("cut", 1)])
def test_what_a_server_may_have_done_is_paid_for(
    give, configure, fake, compares, monkeypatch, fault, lines
):
    monkeypatch.setattr(embedding, "_BATCH", 0.3)
    allowances.put("acme", "workspace", "", 1_000)
    give(CAR)
    configure(SMALL)
    fake.fault = fault

    embeddings.fill()

    assert len(used()) == lines
    assert left()["workspace"] == 1_000 - lines
    assert budgets.holds("acme") == {}


@pytest.mark.parametrize("why", ["left", "over budget"])
def test_a_question_that_is_not_answered_is_not_sent(
    give, configure, agree, fake, compares, ask, monkeypatch, why
):
    give(CAR)
    configure(SMALL)
    embeddings.fill()
    fake.requests.clear()
    if why == "left":

        def gone(_run):
            raise NotAllowed

        monkeypatch.setattr(briefing, "places", gone)
    else:
        agree("acme", provider="openai", model="gpt-4o")
        monkeypatch.setattr(assistants, "_admit", lambda *_, **__: None)  # it was enough then
        allowances.put("acme", "person", "", 0)

    answer = ask(QUESTION)

    code = {"left": "not_allowed", "over budget": "budget_exceeded"}[why]
    assert (answer.run["error"]["code"], fake.requests) == (code, [])


# --- one at a time -------------------------------------------------------------------------------


@pytest.fixture
def during(monkeypatch):
    """during(deed, …): what happens while the first request is under way, the second, …"""

    def run(*deeds):
        ask, happening = embedding.ask, iter(deeds)

        def ask_meanwhile(texts):
            if deed := next(happening, None):
                deed()
            return ask(texts)

        monkeypatch.setattr(embedding, "ask", ask_meanwhile)

    return run


def test_of_two_at_the_same_time_one_does_nothing(
    give, configure, fake, compares, during, redis_url, database_url
):
    """Be it in another process, which shares nothing with this one but the stores."""
    give(*(f"Automobile {n}." for n in range(40)))
    configure(SMALL)
    during(lambda: embed_elsewhere(redis_url, database_url, fake))

    embeddings.fill()

    assert [len(asked.body["input"]) for asked in fake.requests] == [32, 8]
    assert (kept(), len(used())) == (40, 2)
    give(CAR, name="b.md")
    embed_elsewhere(redis_url, database_url, fake)
    assert kept() == 41, "it was not given back"


def embed_elsewhere(redis_url, database_url, fake):
    code = (
        "import workers\nwith workers.application().app_context():\n"
        "    from workers import documents; documents.embed.run()"
    )
    given = {
        **os.environ,
        "SECRET_KEY": "a secret for the tests only",
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url,
        "LOG_LEVEL": "error",
        "EMBEDDING_MODEL": SMALL,
        "OPENAI_BASE_URL": f"{fake.url}/v1",
    }
    command = [sys.executable, "-c", code]
    subprocess.run(command, cwd=ROOT, env=given, timeout=60, check=True)


def test_who_was_frozen_and_lost_its_turn_buys_no_more(give, configure, fake, compares, during):
    give(*(f"Automobile {n}." for n in range(40)))
    configure(SMALL)
    during(lambda: redis.set(keys.EMBEDDING, "somebody else's"))

    embeddings.fill()

    assert (len(fake.requests), kept()) == (1, 32), "what was paid for is kept"
    assert redis.get(keys.EMBEDDING) == "somebody else's"


def test_who_takes_leave_buys_no_more(give, configure, fake, compares, during, monkeypatch):
    monkeypatch.setattr(farewell._ours, "until", None)
    give(*(f"Automobile {n}." for n in range(40)))
    configure(SMALL)
    during(lambda: answering.leave(within=60))

    embeddings.fill()

    assert (len(fake.requests), kept()) == (1, 32), "what was paid for is kept"
    assert redis.get(keys.EMBEDDING) is None


def test_the_turn_of_who_goes_on_does_not_end(give, configure, compares, during):
    give(*(f"Automobile {n}." for n in range(40)))
    configure(SMALL)
    left = []
    during(
        lambda: redis.pexpire(keys.EMBEDDING, 5_000),
        lambda: left.append(redis.pttl(keys.EMBEDDING)),
    )

    embeddings.fill()

    assert left[0] > 50_000
