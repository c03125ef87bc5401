"""The nouns. Plain, frozen, and free of Flask, Redis and SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Role = Literal["owner", "admin", "member", "assistant"]
RoomKind = Literal["public", "private", "direct", "assistant"]
State = Literal["active", "away", "offline"]


OPERATOR = "operator"  # the user id of whoever runs the machine; no person has it


def assistant_id(tenant_id: str) -> str:
    """The user id of a workspace's assistant."""
    return f"assistant-{tenant_id}"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, on behalf of which tenant, through which session."""

    tenant_id: str
    user_id: str
    name: str
    role: Role = "member"
    session_id: str = ""

    @property
    def is_admin(self) -> bool:
        return self.role in ("owner", "admin")

    @property
    def is_operator(self) -> bool:
        return self.user_id == OPERATOR


@dataclass(frozen=True, slots=True)
class Room:
    """A room's name and address; what a caller got hold of through actions.access."""

    tenant_id: str
    id: str

    @property
    def channel(self) -> str:
        """Where the server speaks to everyone in the room."""
        return f"{self.tenant_id}:room:{self.id}"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is about to become an event: everything but its place and its time."""

    type: str
    id: str
    actor_id: str
    data: dict[str, Any]
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a room and must be remembered."""

    tenant_id: str
    room_id: str
    type: str
    epoch: str
    seq: int  # place in the room: no holes inside an epoch
    id: str
    at: str  # ISO 8601, UTC, milliseconds, by Redis's clock
    actor_id: str
    client_id: str | None
    data: dict[str, Any]

    @property
    def room(self) -> Room:
        return Room(self.tenant_id, self.room_id)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a room's log stands."""

    epoch: str
    seq: int  # of the newest event
    applied: int  # up to here the record holds everything


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stands now: its creation with every edit applied."""

    id: str
    room_id: str
    seq: int
    author_id: str
    client_id: str | None
    body: str
    at: str
    mentions: list[str] = field(default_factory=list)
    revision: int = 1
    edited_at: str | None = None
    removed_at: str | None = None
    asks: bool = False
    unasked: str | None = None  # the code of why it names the assistant and asks nothing
    run: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RoomSummary:
    """A room as one of its members sees it in the sidebar."""

    id: str
    kind: RoomKind
    name: str | None
    topic: str
    archived: bool
    role: str
    member_ids: list[str] | None
    epoch: str
    seq: int
    applied: int
    read_seq: int
    unread: int
    mentions: int
    last_at: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A run of messages, oldest first, as they stand at `as_of`."""

    messages: list[Message]
    has_before: bool
    has_after: bool
    as_of: int
    epoch: str


@dataclass(frozen=True, slots=True)
class Found:
    """A message in which all words of a search are, and what to show of it."""

    message: Message
    room: RoomRecord
    excerpt: str
    marks: list[tuple[int, int]]  # where those words begin and end in the excerpt, in code points


@dataclass(frozen=True, slots=True)
class CatchUp:
    """The answer to "what did I miss": events, or start over from a snapshot."""

    head: Head
    complete: bool
    events: list[Event] = field(default_factory=list)
    has_more: bool = False
    page: Page | None = None
    room: RoomSummary | None = None
    presence: dict[str, State] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    role: Role
    disabled: bool
    presence: State = "offline"


@dataclass(frozen=True, slots=True)
class User:
    """A person's account, as the workspace keeps it."""

    id: str
    tenant_id: str
    email: str
    name: str
    role: Role
    disabled: bool


@dataclass(frozen=True, slots=True)
class Workspace:
    id: str
    slug: str
    name: str
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """A room as the record describes it, whoever asks."""

    tenant_id: str
    id: str
    kind: RoomKind
    name: str | None
    topic: str
    archived: bool
    member_count: int = 0

    @property
    def room(self) -> Room:
        return Room(self.tenant_id, self.id)


@dataclass(frozen=True, slots=True)
class Listing:
    """Part of a list, and what to ask for to see the next part."""

    items: list[Any]
    next: tuple[str, str] | None = None  # the (name, id) of the last item, when there are more


@dataclass(frozen=True, slots=True)
class Member:
    user_id: str
    name: str
    role: str
    joined_at: datetime
    presence: State = "offline"


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    tenant_id: str
    user_id: str
    kind: str  # browser or token
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Invitation:
    id: str
    email: str | None
    role: Role
    invited_by: str
    created_at: datetime
    expires_at: datetime


RunState = Literal["waiting", "running", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt of the assistant at one question."""

    id: str
    tenant_id: str
    room_id: str
    question_id: str
    question_seq: int
    asker_id: str
    attempt: int
    state: RunState
    starts: int = 0  # how often it was begun

    @property
    def room(self) -> Room:
        return Room(self.tenant_id, self.room_id)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of what a workspace knows: cut from a document, or said in a room."""

    kind: Literal["document", "message"]
    id: str  # the passage's, or the message's
    title: str  # the document's name, or the room's
    heading: str
    body: str
    quote: str = field(default="", compare=False)  # of the body, what it was found for
    document_id: str | None = None
    room_id: str | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text means to a model: near to what means the same, in whatever words."""

    model: str
    vector: list[float]


@dataclass(frozen=True, slots=True)
class PassageInPlace:
    """A document's passage where it stands."""

    passage: Passage
    start: int  # in the document's text, in code points
    before: str  # the passage before it, or nothing
    after: str


DocumentState = Literal["waiting", "reading", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class Document:
    """Something a workspace gave its assistant to know."""

    id: str
    tenant_id: str
    name: str
    kind: str  # markdown, text, html, pdf, docx
    size: int  # bytes
    version: int
    served: int | None  # the version whose passages are found; None: none yet
    state: DocumentState  # of `version`
    done: int  # passages of it so far
    error: str | None
    uploaded_by: str
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Source:
    """What an answer's [n] stands for."""

    n: int
    passage: Passage
    quote: str


@dataclass(frozen=True, slots=True)
class Price:
    """Of a model, in millionths of a dollar for a million tokens."""

    input: int
    output: int


@dataclass(frozen=True, slots=True)
class Assistant:
    """How a workspace wants its assistant to answer."""

    provider: str = "librarian"
    model: str = ""
    system_prompt: str = ""
    summarise: bool = False  # what is too long to be read whole
    price: Price | None = None  # None: as the list says
    find_by_meaning: bool = False  # passages and questions may be sent to be embedded
    embedding_price: int | None = None  # of a million tokens, in millionths; None: as the list says


@dataclass(frozen=True, slots=True)
class Embedder:
    """What the operator chose to tell by what texts mean."""

    model: str
    server: str  # host and port


@dataclass(frozen=True, slots=True)
class Embedded:
    """How far the passages of a workspace are."""

    passages: int
    embedded: int
    refused: int  # which the model does not take
    reason: str | None = None  # of one of these


Scope = Literal["workspace", "person", "room"]


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent in a calendar month."""

    scope: Scope
    scope_id: str  # whose; "" for everybody who has none of their own
    monthly: int


@dataclass(frozen=True, slots=True)
class Left:
    """What a run left behind whose writer is gone."""

    written: str
    asked: int = 0  # tokens; none, if no provider was asked
    provider: str | None = None
    model: str | None = None
    price: Price | None = None  # as the administrator says


@dataclass(frozen=True, slots=True)
class Outlay:
    """What a provider is paid for besides an answer: one request for embeddings."""

    id: str
    tenant_id: str
    what: Literal["question", "documents"]
    provider: str
    model: str
    at: datetime
    person_id: str = ""  # who asked, and where; nobody for documents
    room_id: str = ""


@dataclass(frozen=True, slots=True)
class Used:
    """What answers and embeddings used, and what it came to."""

    answers: int = 0
    embeddings: int = 0  # requests
    input_tokens: int = 0
    output_tokens: int = 0
    cost: int = 0  # of those with a known price
    unpriced: int = 0  # how many have none

    def __add__(self, other: Used) -> Used:
        return Used(
            self.answers + other.answers,
            self.embeddings + other.embeddings,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost + other.cost,
            self.unpriced + other.unpriced,
        )

    def __sub__(self, other: Used) -> Used:
        return Used(
            self.answers - other.answers,
            self.embeddings - other.embeddings,
            self.input_tokens - other.input_tokens,
            self.output_tokens - other.output_tokens,
            self.cost - other.cost,
            self.unpriced - other.unpriced,
        )
