"""A room's history as a file. It is sent while it is read: neither is ever held whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import orjson
from flask import Response, stream_with_context

from chatapp.actions import exports
from chatapp.actions.exports import History
from chatapp.schemas import MessagePayload
from chatapp.schemas.search import Export
from chatapp.types import Caller
from chatapp.views import transcript
from chatapp.views.door import endpoint

KINDS = {"json": ("application/jsonl", "jsonl"), "markdown": ("text/markdown", "md")}


@endpoint(Export, media=tuple(media for media, _ in KINDS.values()))
def show(caller: Caller, room_id: str, format: str) -> Response:
    history = exports.take(caller, room_id=room_id)
    written = _messages(history) if format == "json" else _transcript(caller, history)
    media, ending = KINDS[format]
    answer = Response(stream_with_context(written), content_type=f"{media}; charset=utf-8")
    name = f"{_file_name(history.title)} {datetime.now(UTC):%Y-%m-%d}.{ending}"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _messages(history: History) -> Iterator[bytes]:
    shape = MessagePayload()
    for page in history.pages:
        yield b"".join(orjson.dumps(each) + b"\n" for each in shape.dump(page, many=True))


def _transcript(caller: Caller, history: History) -> Iterator[str]:
    yield transcript.head(history.title, history.room)
    names: dict[str, str] = {}
    day = ""
    for page in history.pages:
        names |= exports.names(caller, {each.author_id for each in page} - names.keys())
        yield "".join(transcript.lines(page, names, day))
        day = page[-1].at[:10]


def _file_name(title: str) -> str:
    """Nothing in it that any system takes for more than a name."""
    return re.sub(r"[^\w .()-]+", "-", title).strip(" .-")[:80] or "history"
