"""What is written by hand for speed is what the schema would have made."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from chatapp import schemas
from chatapp.engine import json
from chatapp.store import codec
from chatapp.types import Draft, Event, Room

words = some.text(max_size=20)
events = some.builds(
    Event,
    tenant_id=words, room_id=words, type=words, epoch=words, seq=some.integers(0, 2**53), id=words,
    at=words, actor_id=words, client_id=words | some.none(),
    data=some.dictionaries(words, words | some.integers(-5, 5) | some.lists(words, max_size=3)),
)  # fmt: skip


@given(events)
def test_an_event_is_dumped_as_its_schema_says(event):
    made = schemas.event(event)
    assert made == schemas.EventPayload().dump(event)
    assert list(made) == list(schemas.EventPayload().dump(event))


@given(words, words, words)
def test_an_events_address_is_read_without_reading_the_rest(tenant, room_id, body):
    draft = Draft("message:created", "m-1", "ada", {"body": body}, "c-1")
    before, middle, after = codec.split(Room(tenant, room_id), draft)
    raw = f'{before}e1","seq":7{middle}now{after}'
    address = codec.address(tenant, raw)
    assert json.loads(raw)["room_id"] == room_id
    assert address == ("message:created", Room(tenant, room_id)) or (
        address is None and (not room_id or json.dumps(room_id) != f'"{room_id}"')
    )
