"""Finding again what was said."""

from __future__ import annotations

import time

from chatapp.actions import access
from chatapp.store import fulltext, highlights, limits, memberships, rooms, search, timeline
from chatapp.types import Caller, Found, Listing

AT_ONCE = 20  # messages in one answer


def find(
    caller: Caller, *, q: str, room_id: str | None = None, after: tuple[str, str] | None = None
) -> Listing:
    """Messages with all words of `q`, in the caller's rooms or in one of them, the newest first;
    `after` is the last (at, id) already seen.

    The record has what was said a moment ago a moment later; what was changed or taken back since
    is as the log says. So a page may be shorter than others although there are more. Raises
    RoomNotFound, TooFast, Busy.
    """
    limits.take("search", caller)
    asked = fulltext.beginnings(q)
    where = _rooms(caller, room_id)
    hits = search.hits(caller.tenant_id, where, asked, before=after, limit=AT_ONCE + 1)
    shown = hits[:AT_ONCE]
    last = (shown[-1].at, shown[-1].message_id) if len(hits) > AT_ONCE else None
    return Listing(_found(caller, shown, asked), last)


def _rooms(caller: Caller, room_id: str | None) -> list[str]:
    if room_id is not None:
        return [access.room(caller, room_id).id]
    return memberships.of_person(caller.tenant_id, caller.user_id)


def _found(caller: Caller, hits: list[search.Hit], asked: list[fulltext.Term]) -> list[Found]:
    ids, room_ids = [hit.message_id for hit in hits], list({hit.room_id for hit in hits})
    messages = {each.id: each for each in timeline.as_they_stand(caller.tenant_id, ids)}
    named = {each.id: each for each in rooms.seen_by(caller.tenant_id, caller.user_id, room_ids)}
    found = []
    for hit in hits:
        message, room = messages.get(hit.message_id), named.get(hit.room_id)
        if message is None or room is None or message.removed_at:
            continue
        if said := highlights.excerpt(message.body, asked):
            found.append(Found(message, room, *said))
        time.sleep(0)  # long texts must not keep the worker's other people waiting
    return found
