"""A room's history as Markdown, for people to read and keep.

What somebody said stands in a quotation: nothing in it can look like a head line of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from chatapp.types import Message, RoomRecord

_SIGNS = re.compile(r"([\\`*_\[\]<>#|~!])")


def head(title: str, room: RoomRecord) -> str:
    topic = f"{_plain(room.topic)}\n\n" if room.topic else ""
    return f"# {_plain(title)}\n\n{topic}As of {datetime.now(UTC):%Y-%m-%d %H:%M}. All times are UTC.\n"


def lines(messages: list[Message], names: Mapping[str, str], day: str) -> Iterator[str]:
    """These messages, after one of that day (or none, "")."""
    for message in messages:
        if message.at[:10] != day:
            day = message.at[:10]
            yield f"\n## {day}\n"
        yield _said(message, names.get(message.author_id, "Somebody"))


def _said(message: Message, author: str) -> str:
    edited = ", edited" if message.edited_at and not message.removed_at else ""
    return f"\n**{_plain(author)}**, {message.at[11:16]}{edited}\n\n{_quoted(message)}\n"


def _quoted(message: Message) -> str:
    if message.removed_at:
        return "*Message removed*"
    run = message.run or {}
    said = message.body
    if sources := run.get("sources"):
        said += "\n\n" + "\n".join(f"{each['n']}. {_plain(each['title'])}" for each in sources)
    quoted = "\n".join(f"> {line}".rstrip() for line in said.split("\n")) if said else ""
    note = {"stopped": "*Stopped before its end*", "failed": "*Could not be answered*"}
    return "\n\n".join(filter(None, [quoted, note.get(run.get("outcome", ""))]))


def _plain(words: str) -> str:
    return _SIGNS.sub(r"\\\1", words)
