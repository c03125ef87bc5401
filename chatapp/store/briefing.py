"""What a question is answered from, as far as who asked may read it."""

from __future__ import annotations

from collections.abc import Iterable

from chatapp.errors import NotAllowed
from chatapp.store import memberships, passages, room_log, timeline, users
from chatapp.types import Meaning, Message, Passage, Run, assistant_id

_FOUND = 8  # passages
_LOOKED_BACK = 200  # messages


def places(run: Run) -> Iterable[str]:
    """The rooms that may be searched. Raises NotAllowed for who left the room, Busy."""
    room_ids = memberships.searched_for(run.room, run.asker_id)
    if room_ids is None:
        raise NotAllowed("Who asked is not in this room any more.")
    return room_ids


def found(
    run: Run, question: Message, room_ids: Iterable[str], meaning: Meaning | None
) -> list[Passage]:
    """The best of what the workspace knows, and of these rooms. Raises Busy."""
    return passages.search(
        run.tenant_id, room_ids=room_ids, words=question.body, at_most=_FOUND, meaning=meaning
    )


def said(run: Run, question: Message) -> tuple[list[Message], dict[str, str]]:
    """What was said in the room before the question, and the answers to that, however late; then
    the question itself. And the names of who said it. Raises Busy.
    """
    page = timeline.newest(run.room, room_log.stand(run.room), count=_LOOKED_BACK)
    before = {message.id for message in page.messages if message.seq < question.seq}
    heard = [
        message
        for message in page.messages
        if message.body and message.id != question.id and _belongs(run, message, before)
    ]
    heard.append(question)
    authors = users.named(run.tenant_id, list({message.author_id for message in heard}))
    return heard, {user.id: user.name for user in authors}


def _belongs(run: Run, message: Message, before: set[str]) -> bool:
    if message.author_id == assistant_id(run.tenant_id) and message.run is not None:
        return message.run["question_id"] in before
    return message.id in before
