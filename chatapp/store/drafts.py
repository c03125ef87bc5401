"""What somebody is about to say: its words checked, and who is meant by them."""

from __future__ import annotations

from uuid_utils import uuid7

from chatapp import text
from chatapp.errors import InvalidPayload, TooLarge
from chatapp.store import directory
from chatapp.types import Caller, Draft

MOST_CHARACTERS = 5_000
MOST_BYTES = 20_000


def message(caller: Caller, *, client_id: str, body: str) -> Draft:
    """Raises TooLarge, InvalidPayload."""
    words = checked(body)
    data = {"body": words, "mentions": directory.mentioned(caller.tenant_id, words)}
    return Draft("message:created", str(uuid7()), caller.user_id, data, client_id)


def checked(body: str) -> str:
    """As it is kept. Raises TooLarge, InvalidPayload."""
    if len(body) > 4 * MOST_CHARACTERS:  # before the costly cleaning
        raise TooLarge
    words = text.clean(body)
    if not text.shows(words):
        raise InvalidPayload("Write something first.", details={"body": ["It is empty."]})
    if len(words) > MOST_CHARACTERS or len(words.encode()) > MOST_BYTES:
        raise TooLarge
    return words
