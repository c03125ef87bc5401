"""The log of a room: the one way in, and the one way back after an absence.

A room's head, members and markers live in Redis beside its log. When they are not there (a room's
first event, a Redis that came back empty or rolled back) the room is cold: `warm` brings it back
from the record, under a new epoch if it had lived before, and the request goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chatapp.errors import Busy, Conflict, RoomNotFound, TooFast
from chatapp.store import aging, appending, codec, cold_rooms, lives, sent_before, tail
from chatapp.store.connection import asking, redis, run_lua
from chatapp.store.keys import room_keys
from chatapp.types import Draft, Event, Head, Room


def append(room: Room, draft: Draft, **how: Any) -> tuple[Event, bool]:
    """As keep(), with the event read."""
    raw, fresh = keep(room, draft, **how)
    return codec.load(room.tenant_id, raw), fresh


def keep(
    room: Room,
    draft: Draft,
    *,
    by_member: bool = True,
    limited: bool = False,
    revises: tuple[str, int, int] | None = None,
) -> tuple[str, bool]:
    """Number the draft and keep it, in one round trip: the event as the logs have it. False if its
    client_id already was kept; then the first event.

    `by_member`: the actor must be one, else RoomNotFound. `revises`: the message's id, the revision
    the caller saw, the revision in the record; another one now is a Conflict. Also raises Conflict
    for an archived room, TooFast when `limited`, Busy when Redis does not answer: then nobody
    knows, and the same client_id finds out.
    """

    def ask(asked: bool = False) -> Any:
        return warmed(room, lambda: appending.ask(room, draft, by_member, limited, revises, asked))

    status, *rest = ask()
    if status == "unsure":
        if earlier := sent_before.find(room, draft):
            return codec.dump(earlier), False
        status, *rest = ask(asked=True)
    if status == "seen":
        return _first(room, draft, rest), False
    _refuse(status, rest)
    tail.keep_in_mind(room, rest[0])
    return rest[0], True


def stand(room: Room, user_id: str = "") -> Head:
    """Where the room stands. Raises RoomNotFound unless `user_id`, when given, is a member."""
    return Head(*_stand(room, user_id, 0))


def stand_among(room: Room, user_id: str) -> tuple[Head, list[str]]:
    """The same, and the ids of everybody who is in the room."""
    *head, members = _stand(room, user_id, 1)
    return Head(*head), members


def _stand(room: Room, user_id: str, with_members: int) -> Any:
    keys = room_keys(room)
    names = [keys.head, keys.shard_life, keys.members]
    status, *rest = warmed(room, lambda: run_lua("stand", names, [user_id, with_members]))
    _refuse(status, rest)
    return rest


def is_member(room: Room, user_id: str) -> bool:
    """Also of a room that Redis has forgotten."""
    try:
        stand(room, user_id)
    except RoomNotFound:
        return False
    return True


def since(room: Room, after: int, *, at_most: int) -> list[Event]:
    """The log's events from `after` + 1 on, in order, as far as they have no hole."""
    with asking():
        entries: Any = redis.xrange(room_keys(room).log, min=f"{after + 1}-0", count=at_most)
    return [codec.load(room.tenant_id, fields["e"]) for _, fields in entries]


def since_each(after: dict[Room, int], *, at_most: int) -> dict[Room, list[Event]]:
    """The same of many rooms, in one round trip."""
    if not after:
        return {}
    with asking():
        pipe = redis.pipeline(transaction=False)
        for room, seq in after.items():
            pipe.xrange(room_keys(room).log, min=f"{seq + 1}-0", count=at_most)
        answers = pipe.execute()
    return {
        room: [codec.load(room.tenant_id, fields["e"]) for _, fields in entries]
        for room, entries in zip(after, answers, strict=True)
    }


def is_revised(room: Room, message_id: str) -> bool:
    """Whether a message of the last day was edited or removed."""
    with asking():
        return bool(redis.hexists(room_keys(room).revisions, message_id))


def revised(messages: list[tuple[Room, str]]) -> list[bool]:
    """The same of many, in one round trip."""
    if not messages:
        return []
    with asking():
        pipe = redis.pipeline(transaction=False)
        for room, message_id in messages:
            pipe.hexists(room_keys(room).revisions, message_id)
        return [bool(answer) for answer in pipe.execute()]


def latest(room: Room, *, at_most: int) -> list[Event]:
    """The log's newest events, oldest first."""
    with asking():
        entries: Any = redis.xrevrange(room_keys(room).log, count=at_most)
    return [codec.load(room.tenant_id, fields["e"]) for _, fields in reversed(entries)]


def heads(rooms: list[Room]) -> dict[Room, Head]:
    """Where many rooms stand, in one round trip; those that are cold are left out."""
    if not rooms:
        return {}
    with asking():
        pipe = redis.pipeline(transaction=False)
        for room in rooms:
            keys = room_keys(room)
            pipe.hmget(keys.head, "epoch", "seq", "applied", "life")
            pipe.get(keys.shard_life)
        answers = pipe.execute()
    found = {}
    for room, head, shard_life in zip(rooms, answers[::2], answers[1::2], strict=True):
        epoch, seq, applied, life = head
        if epoch and (life or "") == (shard_life or ""):
            found[room] = Head(epoch, int(seq), int(applied))
    return found


def member_ids(room: Room) -> set[str]:
    """Of a room that is warm."""
    with asking():
        return redis.smembers(room_keys(room).members)  # type: ignore[return-value]


def mark_applied(applied: dict[Room, int]) -> None:
    """Tell the heads what the record holds; a hint for room:head and trimming, the record itself decides."""
    with asking():
        pipe = redis.pipeline(transaction=False)
        for room, seq in applied.items():
            pipe.hset(room_keys(room).head, "applied", seq)
            aging.grows_old(pipe, room)
        pipe.execute()


def warmed(room: Room, ask: Callable[[], Any]) -> Any:
    """The script's answer, once Redis is found whole and the room is warm."""
    for _ in range(4):
        answer = ask()
        if answer[0] == "restarted":
            lives.examine()
        elif answer[0] == "cold":
            cold_rooms.warm(room)
        else:
            return answer
    raise Busy


def _refuse(status: str, rest: list[Any]) -> None:
    if status == "stranger":
        raise RoomNotFound
    if status == "archived":
        raise Conflict("This room is archived. Nothing can be added to it.")
    if status == "conflict":
        raise Conflict
    if status == "too_fast":
        raise TooFast(retry_after=max(rest[0], 0) / 1000)


def _first(room: Room, draft: Draft, found: list[Any]) -> str:
    """What a client_id was first given: from the log, or, when that was trimmed, from the record."""
    raw: str = found[0]
    event = None if raw else sent_before.find(room, draft)
    if not raw and event is None:
        raise Busy
    return codec.dump(event) if event else raw
