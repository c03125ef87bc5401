"""The three official SDKs, against a server that speaks their wire formats over HTTP."""

from __future__ import annotations

import time
from contextlib import closing

import pytest

from chatapp import llm
from chatapp.llm import Access, Piece, Prompt, Turn, Usage
from chatapp.llm.failures import (
    Broken,
    Cut,
    Failure,
    Garbage,
    Overloaded,
    RateLimited,
    Refused,
    TimedOut,
)
from chatapp.llm.writing import TICK, Writing
from config import ProviderKeys
from tests.fake_providers import FakeProviders

PROVIDERS = ["openai", "anthropic", "gemini"]


@pytest.fixture
def fake():
    with FakeProviders() as fake:
        yield fake


@pytest.fixture(autouse=True)
def configured(app, fake):
    llm.init_app(app, ProviderKeys.from_env(fake.environ))


@pytest.fixture(params=PROVIDERS)
def provider(request):
    return request.param


def prompt(provider: str) -> Prompt:
    turns = [
        Turn("user", "Ada: hello"),
        Turn("assistant", "Hello, Ada."),
        Turn("user", "Bob: what is the answer?"),
    ]
    return Prompt(provider, "a-model", "Be brief.", turns, most_tokens=100)


def ask(provider: str):
    return llm.complete(prompt(provider), tick=0.05)


def everything(provider: str) -> list[Piece | Usage]:
    return [item for item in ask(provider) if item is not None]


def text(items) -> str:
    return "".join(item.text for item in items if isinstance(item, Piece))


def test_the_answer_comes_in_pieces_and_then_what_was_used(provider, fake):
    items = everything(provider)

    assert text(items) == "The answer is 42."
    assert len([item for item in items if isinstance(item, Piece)]) == len(fake.pieces)
    assert [item for item in items if isinstance(item, Usage)][-1] == Usage(120, 5)


def test_the_model_is_given_the_whole_conversation_in_order(provider, fake):
    everything(provider)

    (asked,) = fake.requests
    assert asked.model == "a-model"
    said = ["Be brief.", "Ada: hello", "Hello, Ada.", "Bob: what is the answer?"]
    assert asked.text.split("\n") == said


def test_every_piece_is_there_when_it_was_written(provider, fake, eventually):
    fake.hold_after = 2

    with closing(ask(provider)) as answer:
        heard = ""
        while heard != "The answer ":
            heard += text([next(answer)])
        eventually(lambda: fake.requests[0].written == 2)  # counted once it is sent
        fake.go_on()
        assert heard + text(answer) == "The answer is 42."


def test_stopping_closes_the_providers_connection_within_a_second(provider, fake):
    fake.hold_after = 2
    answer = ask(provider)
    assert any(isinstance(item, Piece) for item in answer)

    began = time.monotonic()
    answer.close()

    (asked,) = fake.requests
    assert asked.gone.wait(1)
    assert asked.closed_at - began < 1


@pytest.mark.parametrize("provider", ["openai", "anthropic"])  # they count it at the end only
def test_what_was_written_before_a_stop_is_paid_for(provider, fake):
    fake.pieces, fake.hold_after = ["lorem ipsum " * 10] * 9, 6
    request = prompt(provider)
    writing = Writing(
        keep=lambda offset, piece: offset + len(piece) >= 6 * 120,
        tell=lambda _offset, _piece: None,
        patience=5.0,
    )

    with closing(llm.complete(request, tick=TICK)) as answer:
        for item in answer:
            writing.take(item)
            if writing.stopped:
                break

    assert writing.used(request).output_tokens >= 6 * 120 / 3
    assert writing.used(request).input_tokens > 0


def test_stopping_before_the_first_word_closes_it_too(provider, fake):
    fake.fault = "hang"
    answer = ask(provider)
    while not fake.requests:
        assert next(answer) is None

    answer.close()

    assert fake.requests[0].gone.wait(1)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("refuse", Refused),
        ("limit", RateLimited),
        ("break down", Broken),
        ("cut", Cut),
        ("end early", Cut),
        ("garbage", Garbage),
        ("nonsense", Garbage),
    ],
)
def test_each_fault_is_told_from_the_others(provider, fake, fault, kind):
    fake.fault = fault

    with pytest.raises(Failure) as failed:
        everything(provider)

    assert type(failed.value) is kind
    assert "canary" not in f"{failed.value!r} {failed.value.__cause__!r}"


def test_a_page_of_something_else_is_no_answer(provider, fake):
    fake.fault = "page"

    with pytest.raises(Failure) as failed:
        everything(provider)

    assert isinstance(failed.value, Cut | Garbage)


def test_who_says_nothing_is_not_waited_for_for_ever(app, provider, fake):
    app.config["ASSISTANT_PATIENCE"] = 0.5
    fake.fault = "hang"
    began = time.monotonic()

    with pytest.raises(TimedOut):
        everything(provider)

    assert time.monotonic() - began < 5
    assert fake.requests[0].gone.wait(1)


def test_nobody_there_is_an_overloaded_provider(app):
    keys = ProviderKeys(OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    llm.init_app(app, keys)

    with pytest.raises(Overloaded):
        everything("openai")


def test_too_many_requests_are_tried_again_by_the_sdk(provider, fake):
    fake.fault = "limit once"

    assert text(everything(provider)) == "The answer is 42."
    assert len(fake.requests) == 2


def test_how_long_to_wait_is_passed_on(fake):
    fake.fault = "limit"

    with pytest.raises(RateLimited) as failed:
        everything("openai")

    assert failed.value.retry_after == 0.05


def test_a_server_of_ones_own_needs_no_key(app, fake):
    llm.init_app(app, ProviderKeys(OPENAI_BASE_URL=f"{fake.url}/v1"))

    assert text(everything("openai")) == "The answer is 42."
    assert llm.reachable() == ["openai"]


def test_a_provider_that_nobody_configured_refuses(app):
    llm.init_app(app, ProviderKeys())

    with pytest.raises(Refused):
        everything("gemini")
    assert llm.reachable() == []


def test_a_key_does_not_show_where_it_is_kept(app, fake):
    assert "canary" not in repr(app.extensions["providers"])
    assert "canary" not in repr(ProviderKeys.from_env(fake.environ))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("", "its own address"),
        ("http://ada:canary@llm.test:8080/canary?key=canary#canary", "llm.test:8080"),
        ("https://canary@llm.test/v1", "llm.test"),
        ("http://ada:canary@[::1]:8080/v1", "[::1]:8080"),
        ("http://ada:canary@llm.test:port/v1", "an address that is none"),
        ("http://ada:canary@[::1/v1", "an address that is none"),
    ],
)
def test_nor_does_one_within_an_address(address, shown):
    assert repr(Access("sk-canary", address)) == f"Access({shown})"
    assert "canary" not in repr(ProviderKeys(OPENAI_BASE_URL=address, EMBEDDING_BASE_URL=address))
