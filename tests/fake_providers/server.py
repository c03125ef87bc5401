"""The server: one answer per request, with the fault that the test asked for.

It runs in a thread of its own and remembers what it was asked, when it wrote its first word, and
when the other side closed the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from tests.fake_providers.wire import Dialect, dialect, said, vectors

FAULTS = (
    "refuse",  # 401
    "limit",  # 429 with retry-after
    "limit once",  # 429 the first time, then an answer
    "break down",  # 500
    "hang",  # takes the request and says nothing
    "cut",  # closes the connection after half of the answer
    "end early",  # ends the answer properly after half of it, without saying why
    "garbage",  # events that are no JSON
    "nonsense",  # JSON of another shape
    "page",  # 200 with a web page
    "echo",  # no fault: repeats everything it was given
)


@dataclass
class Asked:
    """One request, and what became of it."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float
    first_word_at: float | None = None
    written: int = 0  # pieces
    completed: bool = False
    closed_at: float | None = None  # when the other side went, before we were done
    gone: threading.Event = field(default_factory=threading.Event)

    @property
    def model(self) -> str:
        named = self.path.split("/models/")[-1].split(":")[0] if "/models/" in self.path else ""
        return str(self.body.get("model") or named)

    @property
    def text(self) -> str:
        return said(self.path, self.body)


class FakeProviders:
    """Use it within `with`. Set `pieces`, `pause` and `fault` before something is asked.

    After `hold_after` pieces an answer waits until `go_on()`. `by_model` makes an exception for
    some models: {"gpt-bad": {"fault": "cut"}}.
    """

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self.pieces = ["The ", "answer ", "is ", "42", "."]
        self.pause = 0.0  # seconds before each piece
        self.fault = ""
        self.retry_after = "0.05"
        self.input_tokens, self.output_tokens = 120, 5
        self.hold_after: int | None = None
        self.by_model: dict[str, dict[str, Any]] = {}
        self.meanings: list[set[str]] = []  # words that mean the same to its embeddings
        self.longest: int | None = None  # characters of a text that its embeddings take
        self.too_long = 400  # what it says to a longer one
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._going_on: asyncio.Event
        self._open: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        """For a worker that shall ask here instead of there. The keys are canaries."""
        return {
            "OPENAI_API_KEY": "sk-canary-openai",
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "ANTHROPIC_API_KEY": "sk-canary-anthropic",
            "ANTHROPIC_BASE_URL": self.url,
            "GEMINI_API_KEY": "sk-canary-gemini",
            "GEMINI_BASE_URL": self.url,
        }

    def go_on(self) -> None:
        """Let every answer that waits be written to its end."""
        self.hold_after = None
        self._loop.call_soon_threadsafe(self._going_on.set)

    def _call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _start(self) -> None:
        self._going_on = asyncio.Event()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._open.add(task)
        try:
            if asked := await _read(reader):  # one: what follows on it would be read as a farewell
                self.requests.append(asked)
                await self._answer(asked, reader, writer)
        except (ConnectionError, asyncio.CancelledError, _Cut):
            pass
        finally:
            self._open.discard(task)
            writer.close()

    async def _answer(
        self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Watch for the other side to go while writing."""
        writing = asyncio.create_task(self._write(asked, writer))
        leaving = asyncio.create_task(reader.read(1))
        await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not writing.done():
            asked.closed_at = time.monotonic()
            asked.gone.set()
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            raise _Cut
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        await writing

    async def _write(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        how = self.by_model.get(asked.model, {})
        fault = how.get("fault", self.fault)
        if status := self._refusal(fault):
            return await self._refuse(status, writer)
        if fault == "hang":
            await asyncio.sleep(3600)
        if asked.path.endswith("/embeddings"):
            return await self._embed(asked, fault, writer)
        pieces = _slices(asked.text) if fault == "echo" else how.get("pieces", self.pieces)
        tokens = {"input_tokens": self.input_tokens, "output_tokens": self.output_tokens}
        spoken = dialect(asked.path, **tokens)
        kind = "text/html" if fault == "page" else "text/event-stream"
        writer.write(_head(200, kind) + b"Transfer-Encoding: chunked\r\n\r\n")
        if fault == "page":
            await _chunk(writer, "<html><body>Welcome to our proxy</body></html>")
        else:
            await self._speak(asked, spoken, pieces, fault, how, writer)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        asked.completed = True
        return None

    async def _speak(
        self,
        asked: Asked,
        spoken: Dialect,
        pieces: list[str],
        fault: str,
        how: dict[str, Any],
        writer: asyncio.StreamWriter,
    ) -> None:
        for frame in spoken.opening:
            await _chunk(writer, frame)
        for number, text in enumerate(pieces):
            if number == how.get("hold_after", self.hold_after):
                await self._going_on.wait()
            if fault in _HALF_WAY and number == len(pieces) // 2:
                return await _HALF_WAY[fault](writer)
            await asyncio.sleep(how.get("pause", self.pause))
            asked.first_word_at = asked.first_word_at or time.monotonic()
            await _chunk(writer, spoken.piece(text))
            asked.written += 1
        for frame in spoken.closing:
            await _chunk(writer, frame)
        return None

    async def _embed(self, asked: Asked, fault: str, writer: asyncio.StreamWriter) -> None:
        if fault == "cut":
            raise _Cut
        if self.longest is not None and max(map(len, asked.body["input"])) > self.longest:
            return await self._refuse(self.too_long, writer)
        shapes: dict[str, Any] = {
            "garbage": {"data": [{"index": 0, "embedding": ["x"]}]},
            "nonsense": {"data": 7},
            "end early": {"data": []},
        }
        body = json.dumps(shapes.get(fault) or vectors(asked.body, self.meanings)).encode()
        length = f"Content-Length: {len(body)}\r\n\r\n".encode()
        writer.write(_head(200, "application/json") + length + body)
        await writer.drain()
        asked.completed = True
        return None

    def _refusal(self, fault: str) -> int:
        if fault == "limit once":
            return 429 if len(self.requests) == 1 else 0
        return {"refuse": 401, "limit": 429, "break down": 500}.get(fault, 0)

    async def _refuse(self, status: int, writer: asyncio.StreamWriter) -> None:
        error = {"message": "sk-canary-openai is not welcome", "type": "error", "code": status}
        body = json.dumps({"type": "error", "error": error}).encode()
        extra = f"retry-after: {self.retry_after}\r\n" if status == 429 else ""
        length = f"{extra}Content-Length: {len(body)}\r\n\r\n".encode()
        writer.write(_head(status, "application/json") + length + body)
        await writer.drain()


class _Cut(Exception):
    """The connection ends here."""


async def _cut(_writer: asyncio.StreamWriter) -> None:
    raise _Cut


async def _end_early(_writer: asyncio.StreamWriter) -> None:
    return None


async def _garbage(writer: asyncio.StreamWriter) -> None:
    await _chunk(writer, "event: content_block_delta\ndata: {]this is no JSON\n\n")


async def _nonsense(writer: asyncio.StreamWriter) -> None:
    shapes = {"type": "content_block_delta", "choices": [7], "candidates": [{"content": 7}]}
    await _chunk(writer, f"event: content_block_delta\ndata: {json.dumps(shapes)}\n\n")


_HALF_WAY: dict[str, Callable[[asyncio.StreamWriter], Any]] = {
    "cut": _cut,
    "end early": _end_early,
    "garbage": _garbage,
    "nonsense": _nonsense,
}


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    with contextlib.suppress(asyncio.IncompleteReadError):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        request, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Asked(
            request.split(" ")[1].split("?")[0], headers, json.loads(body), time.monotonic()
        )
    return None


async def _chunk(writer: asyncio.StreamWriter, text: str) -> None:
    data = text.encode()
    writer.write(b"%x\r\n%s\r\n" % (len(data), data))
    await writer.drain()


def _head(status: int, kind: str) -> bytes:
    return f"HTTP/1.1 {status} Fake\r\nConnection: close\r\nContent-Type: {kind}\r\n".encode()


def _slices(text: str) -> list[str]:
    return [text[start : start + 40] for start in range(0, len(text), 40)]
