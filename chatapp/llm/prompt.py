"""What a model is asked, and what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from chatapp.types import Passage

LIBRARIAN = "librarian"  # answers without a model, from what it finds


class Access(NamedTuple):
    """How to reach a provider. Its own address when none is given; no key for a server of one's own."""

    key: str = ""
    base_url: str = ""

    def __repr__(self) -> str:
        return f"Access({self.base_url or 'its own address'})"  # never the key: this may be logged


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
