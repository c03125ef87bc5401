"""Socket.IO over WebSocket, as little of it as our server speaks, on asyncio: many clients in one
process cost next to nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import orjson
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

BUSY = {"ok": False, "error": {"code": "busy", "retryable": True}}
_ANSWER_WITHIN = 10.0  # seconds, as the browsers wait
_CONNECTED_WITHIN = 10.0


class Refused(Exception):
    """A Socket.IO connect error; `error` is its data."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error)
        self.error = error


class Wire:
    """One connection, from `open` until `closed` is set. Whatever the server says unasked goes to
    `hear(event, payload)`, in its order.
    """

    def __init__(self, hear: Callable[[str, Any], None]) -> None:
        self.closed = asyncio.Event()
        self.close_code: int | None = None  # of the server's close frame
        self._hear = hear
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._asked = 0
        self._text = ""
        self._admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._credentials = b""
        self._writer: asyncio.StreamWriter
        self._reading: asyncio.Task[None]

    @classmethod
    async def open(cls, url: str, token: str, hear: Callable[[str, Any], None]) -> Wire:
        """Raises Refused, or OSError when nobody answers."""
        wire = cls(hear)
        where = urlsplit(url)
        wire._credentials = b"40" + orjson.dumps({"token": token})
        try:
            async with asyncio.timeout(_CONNECTED_WITHIN):
                reader, wire._writer = await asyncio.open_connection(where.hostname, where.port)
                wire._reading = asyncio.create_task(wire._read(reader))
                path = "/socket.io/?EIO=4&transport=websocket"
                wire._write(Request(host=where.netloc, target=path))
                await wire._admitted
        except BaseException:
            wire.close()
            raise
        return wire

    async def ask(
        self, event: str, payload: object, *, within: float = _ANSWER_WITHIN
    ) -> dict[str, Any]:
        """The acknowledgement; without one in time, or on a broken connection, as good as busy."""
        self._asked += 1
        number = self._asked
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            self._say(b"42%d" % number + orjson.dumps([event, payload]))
            async with asyncio.timeout(within):
                return await answer  # type: ignore[no-any-return]
        except (TimeoutError, ConnectionError):
            return BUSY
        finally:
            self._answers.pop(number, None)

    def tell(self, event: str, payload: object) -> None:
        with contextlib.suppress(ConnectionError):
            self._say(b"42" + orjson.dumps([event, payload]))

    def close(self) -> None:
        """At once, as when a laptop is shut."""
        if hasattr(self, "_writer"):
            self._writer.close()
        if hasattr(self, "_reading"):
            self._reading.cancel()
        self._end()

    def _say(self, packet: bytes) -> None:
        self._write(TextMessage(packet.decode()))

    def _write(self, event: Any) -> None:
        if self.closed.is_set():
            raise ConnectionError
        try:
            self._writer.write(self._protocol.send(event))
        except LocalProtocolError as error:
            raise ConnectionError from error

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while data := await reader.read(64 * 1024):
                self._protocol.receive_data(data)
                for event in self._protocol.events():
                    self._received(event)
        except (OSError, RemoteProtocolError):
            pass
        finally:
            self._end()

    def _received(self, event: Any) -> None:
        match event:
            case TextMessage():
                self._text += event.data
                if event.message_finished:
                    packet, self._text = self._text, ""
                    self._packet(packet)
            case Ping():
                self._write(event.response())
            case CloseConnection():
                self.close_code = event.code
                with contextlib.suppress(ConnectionError):
                    self._write(event.response())
                self._end()
            case RejectConnection():
                self._end()
            case AcceptConnection():
                pass

    def _packet(self, packet: str) -> None:
        match packet[:2]:
            case "42":
                self._hear(*orjson.loads(packet[2:]))
            case "43":
                self._answered(*packet[2:].split("[", 1))
            case "40":
                self._admitted.set_result(None)
            case "44":
                self._admitted.set_exception(Refused(orjson.loads(packet[2:])))
            case "41" | "1":
                self._end()
            case _ if packet[0] == "0":
                self._say(self._credentials)
            case "2":
                self._say(b"3")

    def _answered(self, number: str, data: str) -> None:
        waiting = self._answers.get(int(number))
        if waiting and not waiting.done():
            waiting.set_result(orjson.loads("[" + data)[0])

    def _end(self) -> None:
        self.closed.set()
        waiting = [*self._answers.values(), self._admitted]
        for future in waiting:
            if not future.done():
                future.set_exception(ConnectionResetError())
                future.exception()  # somebody may have given up waiting for it
        if hasattr(self, "_writer"):
            self._writer.close()
