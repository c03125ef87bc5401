"""What an answer came to whose writer is gone, so that nobody counted it."""

from __future__ import annotations

from chatapp.llm import context, prices
from chatapp.llm.prompt import LIBRARIAN
from chatapp.types import Left


def used(left: Left) -> tuple[int, int, int | None]:
    """About how many tokens were read and written, and what they cost, in millionths of a dollar; None
    when nobody knows.
    """
    if not left.provider or left.provider == LIBRARIAN:
        return 0, 0, 0
    written = context.tokens(left.written) if left.written else 0
    cost = prices.cost(left.provider, left.model or "", left.asked, written, given=left.price)
    return left.asked, written, cost
