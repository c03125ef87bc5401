"""What a model is asked, and what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from chatapp.types import Passage

LIBRARIAN = "librarian"  # answers without a model, from what it finds


class Access(NamedTuple):
    """How to reach a provider. Its own address when none is given; no key for a server of one's own."""

    key: str = ""
    base_url: str = ""

    def __repr__(self) -> str:
        # Never the key, which may also be in the address: this may be logged.
        return f"Access({server_of(self.base_url) or 'its own address'})"


def server_of(base_url: str) -> str:
    """Its host and port: nothing of what may come before or after them in an address."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "an address that is none"
    if ":" in host:
        host = f"[{host}]"
    return f"{host}:{port}" if port else host


@dataclass(frozen=True, slots=True)
class Turn:
    """What somebody said in the conversation; neighbours are of different roles."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    provider: str
    model: str
    system: str
    turns: list[Turn]  # the last is the question
    most_tokens: int  # of the answer
    passages: list[Passage] = field(default_factory=list)  # as [1], [2] … in the system text


class Piece(NamedTuple):
    text: str


class Usage(NamedTuple):
    input_tokens: int
    output_tokens: int
