"""The message queue between web workers, for what may be lost, made so that it holds nobody up.

With python-socketio's own, the request that wanted to say something stands still while Redis does
not answer, and after an outage it is heard again after up to a minute. Here a message waits for its
turn in memory, briefly, and is dropped when Redis is away. While many are said they go together.
"""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from socketio import RedisManager

log = logging.getLogger(__name__)

_SILENT = 2.0  # seconds without trying after Redis did not answer
_LISTEN_AGAIN = 1.0  # seconds
_WAITING = 1_000  # messages; more than that are lost
_REST = 0.01  # seconds after one was said, until the next is, with all others by then


class Queue(RedisManager):
    """`patience`: seconds that saying something may take when Redis does not answer."""

    def __init__(self, url: str, channel: str, *, write_only: bool, patience: float) -> None:
        options = {
            "socket_timeout": patience,  # of commands: listening waits as long as it takes
            "socket_connect_timeout": patience,
            "retry": Retry(NoBackoff(), 0),
            "health_check_interval": 10,
        }
        super().__init__(url, channel=channel, write_only=write_only, redis_options=options)
        self._voice: Redis = Redis.from_url(url, **options)
        self._silent_until = 0.0
        self._outbox: queue.Queue[dict[str, Any]] | None = None

    def initialize(self) -> None:
        """In a web worker. Other processes say things rarely, and wait for it."""
        super().initialize()
        self._outbox = queue.Queue(_WAITING)
        self.server.start_background_task(self._speak, self._outbox)

    def _publish(self, data: dict[str, Any]) -> None:
        """To the other workers. This one's own clients have been told already."""
        if self._outbox is None:
            self._say([data])
        else:
            with suppress(queue.Full):
                self._outbox.put_nowait(data)

    def _speak(self, outbox: queue.Queue[dict[str, Any]]) -> None:
        while True:
            some = [outbox.get()]
            with suppress(queue.Empty):
                while True:
                    some.append(outbox.get_nowait())
            self._say(some)
            time.sleep(_REST)

    def _say(self, messages: list[dict[str, Any]]) -> None:
        if time.monotonic() < self._silent_until:
            return
        # One goes by itself: a worker of an earlier version hears nothing in a list.
        said = messages[0] if len(messages) == 1 else messages
        try:
            self._voice.publish(self.channel, self.json.dumps(said))
        except RedisError as error:
            self._silent_until = time.monotonic() + _SILENT
            log.warning("the queue does not answer: %r", error)

    def _listen(self) -> Iterator[Any]:
        for said in super()._listen():
            try:
                messages = self.json.loads(said)
            except ValueError:
                continue
            yield from messages if isinstance(messages, list) else [messages]

    def _redis_listen_with_retries(self) -> Iterator[Any]:
        while True:
            try:
                self._redis_connect()
                self.pubsub.subscribe(self.channel)
                yield from self.pubsub.listen()
            except RedisError as error:
                log.warning("the queue cannot be heard: %r", error)
            time.sleep(_LISTEN_AGAIN)
