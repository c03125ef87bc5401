"""The thread in which a process speaks to providers."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from chatapp.llm import loop
from chatapp.llm.failures import TimedOut
from chatapp.llm.prompt import Piece, Usage


def test_all_who_begin_at_the_same_moment_share_one_loop():
    """A client's connections belong to a loop: in another one they fail."""
    loop._made.cache_clear()
    together = Barrier(20)

    async def where():
        yield asyncio.get_running_loop()

    def ask(_number):
        together.wait()
        return [item for item in loop.pull(where, patience=5, tick=0.1) if item][0]

    with ThreadPoolExecutor(20) as threads:
        assert len(set(threads.map(ask, range(20)))) == 1


@pytest.mark.parametrize("nothing", [Piece(""), Usage(7, 0)], ids=str)
def test_who_gives_nothing_again_and_again_says_nothing(nothing):
    async def trickle():
        yield Piece("It")
        for _ in range(200):
            await asyncio.sleep(0.02)
            yield nothing

    with pytest.raises(TimedOut):
        list(loop.pull(trickle, patience=0.3, tick=0.1))


def test_who_is_slow_but_speaks_is_heard_to_the_end():
    async def slow():
        for _ in range(8):
            await asyncio.sleep(0.1)
            yield Piece("a")

    said = [item for item in loop.pull(slow, patience=0.5, tick=0.1) if item]
    assert said == [Piece("a")] * 8
