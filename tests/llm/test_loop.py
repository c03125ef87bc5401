"""The thread in which a process speaks to providers."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from chatapp.llm import loop


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
