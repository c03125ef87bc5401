"""The one thread in which this process speaks to providers, and the way out of it.

All answers of a process share an asyncio loop, so that its clients keep their connections; whoever
wants one waits for its pieces in a thread of their own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Generator
from functools import cache
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from chatapp.llm.failures import Cut, Failure, TimedOut
from chatapp.llm.prompt import Piece, Usage

Item = TypeVar("Item")

_END = object()
_first = threading.Lock()
_CLOSED_WITHIN = 1.0  # seconds until a connection that was told to close is left to itself


def pull(
    begin: Callable[[], AsyncIterator[Item]], *, patience: float, tick: float
) -> Generator[Item | None]:
    """What the asynchronous iterator gives, and None for each `tick` seconds without anything.

    Raises what it raises, TimedOut after `patience` seconds without a word: what is counted, and
    pieces of nothing, are none. Closing this one closes that one, at once.
    """
    items: SimpleQueue[Any] = SimpleQueue()
    reading = asyncio.run_coroutine_threadsafe(_read(begin, items.put, patience), _loop())
    try:
        while True:
            try:
                item = items.get(timeout=tick)
            except Empty:
                yield None
                continue
            if item is _END:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        if reading.cancel():
            _wait_until_closed(items)


async def _read(
    begin: Callable[[], AsyncIterator[Item]], put: Callable[[Any], None], patience: float
) -> None:
    try:
        iterator, clock = begin(), asyncio.get_running_loop().time
        until = clock() + patience
        while True:
            async with asyncio.timeout_at(until):
                item = await anext(iterator)
            put(item)
            if item != Piece("") and not isinstance(item, Usage):
                until = clock() + patience
    except StopAsyncIteration:
        put(_END)
    except TimeoutError:
        put(TimedOut(f"nothing for {patience:g} s"))
    except asyncio.CancelledError:
        put(_END)  # the finally blocks of the SDK have run: the connection is closed
        raise
    except Failure as failure:
        put(failure)
    except Exception as error:
        put(_unknown(error))


def _unknown(error: Exception) -> Failure:
    """What no provider's module foresaw. Its text may quote the question: only its name is kept."""
    failure = (
        Cut(type(error).__name__) if isinstance(error, OSError) else Failure(type(error).__name__)
    )
    failure.__cause__ = None
    return failure


def _wait_until_closed(items: SimpleQueue[Any]) -> None:
    try:
        while items.get(timeout=_CLOSED_WITHIN) is not _END:
            pass
    except Empty:
        return


def _loop() -> asyncio.AbstractEventLoop:
    """One for everybody, though many may be the first to ask: a connection belongs to its loop. Made
    in the process that uses it, not in one that forks: Celery's parent asks nothing.
    """
    with _first:
        return _made()


@cache
def _made() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="providers", daemon=True).start()
    return loop
