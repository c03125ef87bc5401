"""What is written by hand for speed is what the schema would have made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chatapp import schemas
from chatapp.engine import json
from chatapp.schemas import shortcut
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
    before = codec.beginning(Room(tenant, room_id), draft.type)
    raw = (before + b'e1","seq":7' + codec.middle(draft) + b"now" + codec.end(draft)).decode()
    address = codec.address(tenant, raw)
    assert json.loads(raw)["room_id"] == room_id
    assert address == ("message:created", Room(tenant, room_id)) or (
        address is None and (not room_id or json.dumps(room_id) != f'"{room_id}"')
    )


REQUESTS = [
    schemas.SendMessage, schemas.EditMessage, schemas.RemoveMessage, schemas.ReadRoom,
    schemas.LeaveRoom, schemas.StartTyping, schemas.StopTyping, schemas.ResumeRoom,
]  # fmt: skip
odd = some.one_of(
    some.none(), some.booleans(), some.integers(), some.floats(), words, some.text("ab", max_size=70),
    some.sampled_from(["\ud800", "\x00", "a\u202eb", "ü" * 8, 2**53, 2**53 + 1, -1, 0, "7"]),
)  # fmt: skip


@pytest.mark.parametrize("schema", REQUESTS)
@given(data=some.data())
def test_a_quick_yes_is_what_the_schema_says(schema, data):
    names = [*schema().load_fields, "colour"]
    payload = data.draw(some.one_of(odd, some.dictionaries(some.sampled_from(names), odd)))
    quick = shortcut.of(schema())(payload)
    if quick is not None:
        assert quick == schema().load(payload)
        assert [type(v) for v in quick.values()] == [type(v) for v in payload.values()]


@pytest.mark.parametrize("schema", REQUESTS)
def test_what_is_plainly_right_is_seen_at_once(schema):
    right = {"seq": 7, "revision": 1, "after": 7}
    payload = {name: right.get(name, "0199-some-id") for name in schema().load_fields}
    assert shortcut.of(schema())(payload) == schema().load(payload) == payload


def test_a_room_is_resumed_at_once_from_nowhere_too():
    payload = {"room_id": "lobby", "epoch": None, "after": None}
    assert shortcut.of(schemas.ResumeRoom())(payload) == payload


def test_a_schema_with_choices_is_always_asked():
    for schema in (schemas.FollowRooms, schemas.SetPresence):
        assert shortcut.of(schema())({"state": "active"}) is None
