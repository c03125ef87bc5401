"""How lua/append.lua is asked: 31 words, of which six change from message to message in a room."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from chatapp.engine import GAP
from chatapp.store import codec, sent_before
from chatapp.store.connection import Call, run_lua
from chatapp.store.here import here
from chatapp.store.keys import RoomKeys, room_keys
from chatapp.types import Draft, Room

# Whether it has a client_id, whether the record was asked, seconds to remember it, three limits.
_How = tuple[bool, bool, int, int, int, int]


class _Said(NamedTuple):
    """What changes from message to message, in the order in which the script is told it."""

    sent: Any  # the key that remembers its client_id
    author_limit: Any  # another key
    middle: Any  # of its JSON
    end: Any
    member: Any  # who must be one, or nobody
    made_at: Any  # its client_id, in ms; 0 when unknown


def ask(
    room: Room,
    draft: Draft,
    by_member: bool,
    limited: bool,
    revises: tuple[str, int, int] | None,
    asked: bool,
) -> Any:
    """The script's answer; see room_log.keep for what these say. Raises Busy."""
    keys, config, client_id = room_keys(room), here().config, draft.client_id or ""
    limits = (
        (config["LIMIT_SEND"], config["LIMIT_SEND_ROOM"], config["LIMIT_SEND_WORKSPACE"])
        if limited
        else (0, 0, 0)
    )
    said = (
        keys.sent(draft.actor_id, client_id).encode(),
        keys.author_limit(draft.actor_id).encode(),
        codec.middle(draft),
        codec.end(draft),
        draft.actor_id.encode() if by_member else b"",
        b"%d" % sent_before.time_of(client_id),
    )
    how = (bool(client_id), asked, config["REMEMBER_SENT"], *limits)
    if draft.type == "message:created" and not revises:
        return _messages_of(keys, how).ask(said)
    joins = draft.data["user_id"] if draft.type == "member:joined" else ""
    leaves = draft.data["user_id"] if draft.type == "member:left" else ""
    changes = (joins, leaves, *(revises or _NOTHING))
    return run_lua("append", *_words(keys, draft.type, how, _Said(*said), changes))


_NOTHING = ("", 0, 0)


@lru_cache(maxsize=10_000)
def _messages_of(keys: RoomKeys, how: _How) -> Call:
    """Keep a message in this room: all but what is _Said of it is the same for all of them."""
    gaps = _Said(*[GAP] * len(_Said._fields))
    return Call("append", *_words(keys, "message:created", how, gaps, ("", "", *_NOTHING)))


def _words(
    keys: RoomKeys, kind: str, how: _How, said: _Said, changes: tuple[object, ...]
) -> tuple[list[Any], list[Any]]:
    """Keys and arguments. `changes`: who joins, who leaves, and what is revised."""
    named, asked, remember, *limits = how
    return [
        keys.head,
        keys.log,
        keys.shard_log,
        keys.shard_life,
        keys.members,
        keys.revisions,
        said.sent,
        said.author_limit,
        keys.room_limit,
        keys.workspace_limit,
        keys.shard_run,
    ], [
        keys.room.tenant_id,
        keys.room.id,
        codec.beginning(keys.room, kind),
        said.middle,
        said.end,
        said.member,
        int(named),
        said.made_at,
        int(asked),
        remember,
        *changes,
        int(kind == "room:archived"),
        *limits,
        int(kind == "message:removed"),
    ]
