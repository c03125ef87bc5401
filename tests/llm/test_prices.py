"""What models cost. The list's own figures may change with it; that it knows these models may not."""

from __future__ import annotations

import socket

import pytest

from chatapp.llm import prices
from chatapp.types import Price


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-4o"),
        ("anthropic", "claude-sonnet-4-5"),
        ("gemini", "gemini-2.5-flash"),
    ],
)
def test_a_known_model_costs_more_for_more(provider, model):
    one = prices.cost(provider, model, 1_000, 1_000)
    more_in = prices.cost(provider, model, 2_000, 1_000)
    more_out = prices.cost(provider, model, 1_000, 2_000)

    assert 0 < one < more_in
    assert one < more_out
    assert prices.cost(provider, model, 0, 0) == 0


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-nobody-made"),
        ("openai", "claude-sonnet-4-5"),  # somebody else's
        ("nobody", "gpt-4o"),
        ("openai", ""),
    ],
)
def test_an_unknown_price_is_unknown_and_not_zero(provider, model):
    assert prices.cost(provider, model, 1_000, 1_000) is None
    assert prices.cost(provider, model, 0, 0) is None
    assert not prices.is_known(provider, model)


def test_one_token_costs_something():
    assert prices.cost("openai", "gpt-4o", 1, 0, given=Price(1, 1)) == 1
    assert prices.cost("openai", "gpt-4o-mini", 1, 0) == 1


def test_what_the_administrator_says_is_believed_before_the_list():
    given = Price(input=2_000_000, output=10_000_000)

    assert prices.cost("openai", "gpt-4o", 1_000_000, 100_000, given=given) == 3_000_000
    assert prices.cost("openai", "my-own", 500, 0, given=given) == 1_000
    assert prices.cost("openai", "my-own", 500, 500, given=Price(0, 0)) == 0


def test_the_librarian_is_paid_by_nobody():
    assert prices.cost("librarian", "", 100, 100) == 0


def test_what_is_free_is_known_without_the_list():
    assert prices.is_free("librarian")
    assert prices.is_free("openai", given=Price(0, 0))
    assert not prices.is_free("openai", given=Price(0, 1))
    assert not prices.is_free("openai")


def test_no_network_is_asked(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("somebody wants the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)

    assert prices.is_known("openai", "gpt-4o")
