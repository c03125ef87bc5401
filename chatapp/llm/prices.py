"""What models cost, by the list that comes with genai-prices: no network is asked.

A model that is not on the list has an unknown price, which is None and never zero.
"""

from __future__ import annotations

from chatapp.money import MILLION, micro
from chatapp.types import Price

EMBEDDER = "openai"  # the provider whose language servers of embeddings speak
FREE = ("librarian",)  # providers that nobody pays
_NAMES = {"gemini": "google"}  # ours -> the list's, where they differ


def cost(
    provider: str,
    model: str,
    input_tokens: int,
    output_tokens: int,
    *,
    given: Price | None = None,
) -> int | None:
    """In millionths of a dollar, rounded up; None when nobody knows.

    `given` is what the administrator says it costs, which is believed before the list.
    """
    if provider in FREE:
        return 0
    if given is not None:
        millionths = input_tokens * given.input + output_tokens * given.output
        return -(-millionths // MILLION)
    return _listed(provider, model, input_tokens, output_tokens)


def of_embedding(model: str, tokens: int, *, given: int | None = None) -> int | None:
    """Of a text of so many tokens, likewise."""
    return cost(EMBEDDER, model, tokens, 0, given=None if given is None else Price(given, 0))


def is_known(provider: str, model: str, *, given: Price | None = None) -> bool:
    return cost(provider, model, 1, 1, given=given) is not None


def is_free(provider: str, *, given: Price | None = None) -> bool:
    """Without a look at the list: nothing on it is free."""
    return provider in FREE or given == Price(0, 0)


def _listed(provider: str, model: str, input_tokens: int, output_tokens: int) -> int | None:
    # Takes a third of a second, and a web worker mostly does not need it.
    from genai_prices import Usage, calc_price  # noqa: PLC0415

    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    try:
        found = calc_price(usage, model, provider_id=_NAMES.get(provider, provider))
    except LookupError:
        return None
    return micro(found.total_price)
