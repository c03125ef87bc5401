"""The record: every SQL table. Unique indexes carry the promises; ids are UUIDv7 strings."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    ARRAY,
    JSON,
    REAL,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
    false,
)
from sqlalchemy.engine import Dialect

from chatapp.store import fulltext

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id(name: str, *args: object, **kwargs: object) -> Column[str]:
    return Column(name, String(64), *args, **kwargs)  # type: ignore[arg-type]


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in and out. SQLite has no time zones and would hand back naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value


def _time(name: str, *, nullable: bool = False, index: bool = False) -> Column[datetime]:
    return Column(name, UtcDateTime, nullable=nullable, index=index)


workspaces = Table(
    "workspaces",
    metadata,
    _id("id", primary_key=True),
    Column("slug", String(40), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    _time("created_at"),
    _time("suspended_at", nullable=True),
)

users = Table(
    "users",
    metadata,
    _id("id", primary_key=True),
    _id("workspace_id", ForeignKey("workspaces.id"), nullable=False),
    Column("email", String(254), nullable=False),  # case-folded
    Column("name", String(80), nullable=False),
    Column("name_skeleton", String(200), nullable=False),  # what the name looks like, see text.py
    Column("role", String(10), nullable=False),
    Column("password_hash", String(200), nullable=False),
    _time("created_at"),
    _time("disabled_at", nullable=True),
    UniqueConstraint("workspace_id", "email"),
    UniqueConstraint("workspace_id", "name_skeleton"),
)

sessions = Table(
    "sessions",
    metadata,
    _id("id", primary_key=True),
    _id("workspace_id", ForeignKey("workspaces.id"), nullable=False),
    _id("user_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("kind", String(10), nullable=False),
    _time("created_at"),
    _time("last_seen_at"),
    _time("expires_at", index=True),
    _time("revoked_at", nullable=True),
    Column("address", String(64), nullable=False),
    Column("user_agent", String(300), nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    _id("id", primary_key=True),
    _id("workspace_id", ForeignKey("workspaces.id"), nullable=False, index=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("email", String(254)),  # None: whoever holds the link
    Column("role", String(10), nullable=False),
    _id("invited_by", ForeignKey("users.id"), nullable=False),
    _time("created_at"),
    _time("expires_at", index=True),
    _time("accepted_at", nullable=True),
)

rooms = Table(
    "rooms",
    metadata,
    _id("id", primary_key=True),
    _id("workspace_id", ForeignKey("workspaces.id"), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("name", String(80)),  # None for a direct room
    Column("name_skeleton", String(200)),
    Column("direct_key", String(64)),  # digest of a direct room's sorted member ids
    Column("topic", String(250), nullable=False, server_default=""),
    _id("created_by", nullable=False),
    _time("created_at"),
    _time("archived_at", nullable=True),
    # Empty until the room's log first came to life, then the epoch of the last applied event.
    Column("epoch", String(16), nullable=False, server_default=""),
    Column("applied_seq", Integer, nullable=False, server_default="0"),
    UniqueConstraint("workspace_id", "name_skeleton"),
    UniqueConstraint("workspace_id", "direct_key"),
)

memberships = Table(
    "memberships",
    metadata,
    _id("room_id", ForeignKey("rooms.id"), primary_key=True),
    _id("user_id", ForeignKey("users.id"), primary_key=True),
    _id("workspace_id", nullable=False),
    Column("role", String(10), nullable=False),
    _time("joined_at"),
    Column("gone", Boolean, nullable=False, server_default=false()),
    # The event that said so last: an older one, applied late, changes nothing.
    Column("changed_seq", Integer, nullable=False, server_default="0"),
    Column("read_seq", Integer, nullable=False, server_default="0"),
    Index("ix_memberships_person", "user_id", "gone"),
)

events = Table(
    "events",
    metadata,
    _id("room_id", primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    _id("workspace_id", nullable=False),
    Column("epoch", String(16), nullable=False),
    _id("id", nullable=False),
    Column("type", String(40), nullable=False),
    _id("actor_id", nullable=False),
    Column("client_id", String(64)),
    Column("at", String(24), nullable=False),
    Column("data", JSON, nullable=False),
    UniqueConstraint("id"),
    UniqueConstraint("room_id", "actor_id", "client_id"),
)

messages = Table(
    "messages",
    metadata,
    _id("room_id", primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    _id("workspace_id", nullable=False),
    _id("id", nullable=False),
    _id("author_id", nullable=False),
    Column("client_id", String(64)),
    Column("body", Text, nullable=False),
    Column("mentions", JSON, nullable=False),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("at", String(24), nullable=False),
    Column("edited_at", String(24)),
    Column("removed_at", String(24)),
    Column("asks", Boolean, nullable=False, server_default=false()),  # the assistant, for an answer
    Column("unasked", String(40)),  # why it names the assistant and asks nothing: an error's code
    Column("run", JSON(none_as_null=True)),  # of an answer: how it came about, see docs/protocol.md
    UniqueConstraint("id"),
    UniqueConstraint("room_id", "author_id", "client_id"),
    Index("ix_messages_room_at", "room_id", "at"),
)

message_words = Table(  # of those that were not removed
    "message_words",
    metadata,
    Column("number", Integer, primary_key=True),
    _id("room_id", nullable=False),
    Column("seq", Integer, nullable=False),
    Column("words", Text, nullable=False),  # as fulltext.py makes them
    UniqueConstraint("room_id", "seq"),
)

mentions = Table(
    "mentions",
    metadata,
    _id("room_id", primary_key=True),
    _id("user_id", primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry_id", String(64), nullable=False, unique=True),  # shard and stream id
    Column("event", Text, nullable=False),
    Column("error", Text, nullable=False),
    _time("at"),
)

# --- the assistant; money is whole millionths of a US dollar ----------------------------------------

runs = Table(
    "runs",
    metadata,
    _id("id", primary_key=True),  # the first run of a question has the question's id
    _id("workspace_id", nullable=False),
    _id("room_id", nullable=False),
    _id("question_id", nullable=False),
    Column("question_seq", Integer, nullable=False),
    _id("asker_id", nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("state", String(10), nullable=False),  # waiting, running, done, stopped, failed
    Column("starts", Integer, nullable=False, server_default="0"),  # how often it was begun
    Column("provider", String(40)),
    Column("model", String(120)),
    Column("reserved", BigInteger, nullable=False, server_default="0"),  # see store/budgets.py
    _time("reserved_at", nullable=True),
    _time("created_at"),
    _time("started_at", nullable=True),
    _time("ended_at", nullable=True),
    UniqueConstraint("question_id", "attempt"),
    Index("ix_runs_room", "room_id", "state", "question_seq"),
    Index("ix_runs_state", "state", "created_at"),
    Index("ix_runs_reserved", "workspace_id", "reserved"),
)

assistants = Table(
    "assistants",
    metadata,
    _id("workspace_id", ForeignKey("workspaces.id"), primary_key=True),
    Column("provider", String(40), nullable=False),
    Column("model", String(120), nullable=False),
    Column("system_prompt", Text, nullable=False, server_default=""),
    Column("summarise", Boolean, nullable=False, server_default=false()),
    # What the administrator says a million tokens cost; None: ask the list.
    Column("input_price", BigInteger),
    Column("output_price", BigInteger),
    # Whether its texts may be sent to the operator's server of embeddings.
    Column("find_by_meaning", Boolean, nullable=False, server_default=false()),
    Column("embedding_price", BigInteger),  # likewise
    _time("changed_at"),
)

budgets = Table(
    "budgets",
    metadata,
    _id("workspace_id", ForeignKey("workspaces.id"), primary_key=True),
    Column("scope", String(10), primary_key=True),  # workspace, person, room
    _id("scope_id", primary_key=True),  # "" for what holds for everybody who has none of their own
    Column("monthly", BigInteger, nullable=False),
)

usage = Table(
    "usage",
    metadata,
    _id("run_id", primary_key=True),  # or of its own, when it was not for an answer
    Column("what", String(10), nullable=False, server_default="answer"),  # see types.Outlay
    _id("workspace_id", nullable=False),
    _id("person_id", nullable=False),  # "" for what the workspace's documents cost; likewise
    _id("room_id", nullable=False),
    Column("provider", String(40), nullable=False),
    Column("model", String(120), nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cost", BigInteger),  # by the prices of that day; None: nobody knows
    _time("at"),
    Index("ix_usage_workspace_at", "workspace_id", "at"),
)

documents = Table(
    "documents",
    metadata,
    _id("id", primary_key=True),
    _id("workspace_id", ForeignKey("workspaces.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("kind", String(20), nullable=False),  # markdown, text, html, pdf, docx
    Column("size", Integer, nullable=False),  # bytes
    Column("version", Integer, nullable=False, server_default="1"),
    Column("served", Integer),  # the version whose passages are found; None: none yet
    Column("state", String(10), nullable=False),  # of `version`: waiting, reading, ready, failed
    Column("done", Integer, nullable=False, server_default="0"),  # passages so far
    Column("error", Text),
    _id("uploaded_by", nullable=False),
    _time("created_at"),
    _time("changed_at"),
    UniqueConstraint("workspace_id", "name"),
    Index("ix_documents_state", "state", "changed_at"),
)

document_files = Table(
    "document_files",
    metadata,
    _id("document_id", ForeignKey("documents.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)

passages = Table(
    "passages",
    metadata,
    Column("number", Integer, primary_key=True),
    _id("id", nullable=False),
    _id("workspace_id", nullable=False),
    _id("document_id", ForeignKey("documents.id"), nullable=False),
    Column("version", Integer, nullable=False),  # of the document it was cut from
    Column("place", Integer, nullable=False),
    Column("heading", String(400), nullable=False),
    Column("body", Text, nullable=False),
    Column("start", Integer, nullable=False),  # in the document's text, in code points
    Column("words", Text, nullable=False),  # as fulltext.py makes them
    UniqueConstraint("id"),
    UniqueConstraint("document_id", "version", "place"),
    Index("ix_passages_workspace", "workspace_id"),
)

passage_vectors = Table(
    "passage_vectors",
    metadata,
    _id("passage_id", ForeignKey("passages.id", ondelete="CASCADE"), primary_key=True),
    _id("workspace_id", nullable=False),
    Column("model", String(200), nullable=False),  # of which the vector is
    Column("dimensions", Integer, nullable=False),  # 0: the model does not take this passage,
    Column("reason", String(200)),  # because
    Column("vector", LargeBinary().with_variant(ARRAY(REAL), "postgresql"), nullable=False),
    Index("ix_passage_vectors_workspace", "workspace_id"),
)

event.listen(metadata, "after_create", lambda _, connection, **__: fulltext.create(connection))
