"""Finding again what was said, by who may read it."""

from __future__ import annotations

import time

import pytest

from chatapp.actions import members, messages, rooms, search
from chatapp.store import room_log
from chatapp.types import Draft, assistant_id

CANARY = "canary"


@pytest.fixture
def find(api):
    """find(ada, "launch"): the bodies of the messages found."""

    def ask(caller, q, **where):
        answer = api(caller)("GET", "/search", query_string={"q": q, **where})
        assert answer.status_code == 200, answer.text
        return [each["message"]["body"] for each in answer.json["data"]["items"]]

    return ask


def test_what_was_said_is_found_with_its_room_and_where_the_words_are(
    api, lobby, ada, bob, say, persist
):
    said = say(bob, "lobby", "The **launch** is on Friday 🎉, the launch!")
    persist()

    (found,) = api(ada)("GET", "/search?q=friday+launch").json["data"]["items"]

    assert found["message"]["id"] == said["id"]
    assert (found["message"]["seq"], found["message"]["author_id"]) == (said["seq"], "bob")
    assert found["room"] == {"id": "lobby", "kind": "public", "name": "lobby"}
    marks = [found["excerpt"][start:end] for start, end in found["marks"]]
    assert marks == ["launch", "Friday", "launch"]


def test_all_words_must_be_in_it_and_the_newest_comes_first(lobby, ada, bob, say, persist, find):
    for body in ("launch one", "no such word", "launch two", "relaunch", "Launched three"):
        say(bob, "lobby", body)
    persist()

    assert find(ada, "launch") == ["Launched three", "launch two", "launch one"]
    assert find(ada, "launch two") == ["launch two"]
    assert find(ada, "launch nine") == []
    assert find(ada, "!?") == []


def test_others_have_their_turn_after_each_long_text(lobby, ada, say, persist, find, monkeypatch):
    for n in range(3):
        say(ada, "lobby", f"launch {n} " + "的" * 4_000)
    persist()
    turns, sleep = [], time.sleep

    def note(seconds):
        turns.append(seconds)
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", note)

    assert len(find(ada, "launch 的的")) == 3
    assert turns.count(0) >= 3


@pytest.fixture
def canaries(lobby, make_room, ada, mallory, say, persist):
    """One in each room: of ada alone, of her and bob, of another workspace."""
    make_room("board", ada, kind="private")
    make_room("elsewhere", ada)
    make_room("den", mallory, tenant_id="rival")
    for room in ("board", "elsewhere", "lobby"):
        say(ada, room, f"{CANARY} of {room}")
    say(mallory, "den", f"{CANARY} of rival")
    persist()


def test_the_rooms_of_others_and_other_workspaces_are_not_looked_into(
    canaries, ada, bob, mallory, person, find, api
):
    carol = person("carol", role="admin")

    assert find(bob, CANARY) == [f"{CANARY} of lobby"]
    assert find(carol, CANARY) == []
    assert find(mallory, CANARY) == [f"{CANARY} of rival"]
    assert len(find(ada, CANARY)) == 3
    assert find(ada, CANARY, room_id="board") == [f"{CANARY} of board"]
    for room in ("board", "elsewhere", "den", "never-was"):
        answer = api(bob)("GET", f"/search?q={CANARY}&room_id={room}")
        assert (answer.status_code, answer.json["error"]["code"]) == (404, "room_not_found")
        assert CANARY not in answer.text


def test_who_has_left_finds_nothing_there_any_more(lobby, ada, bob, say, persist, find):
    say(ada, "lobby", "launch")
    persist()
    assert find(bob, "launch") == ["launch"]

    members.remove(ada, room_id="lobby", user_id="bob")
    persist()

    assert find(bob, "launch") == []


def test_what_was_edited_or_removed_is_found_as_it_stands(lobby, ada, bob, say, persist, find):
    """Also before the record knows: what was taken back is never shown again."""
    first, second = say(bob, "lobby", "launch monday"), say(bob, "lobby", "launch secret")
    persist()
    messages.edit(bob, message_id=first["id"], body="launch tuesday", revision=1)
    messages.remove(bob, message_id=second["id"], revision=1)

    assert find(ada, "launch") == ["launch tuesday"]
    assert find(ada, "monday") == []

    persist()

    assert find(ada, "launch") == ["launch tuesday"]
    assert find(ada, "tuesday") == ["launch tuesday"]
    assert find(ada, "monday") == find(ada, "secret") == []


def test_what_the_assistant_was_asked_and_answered_is_found_too(
    app, ada, assistant, persist, find, say
):
    room = rooms.create(ada, kind="assistant")
    say(ada, room.id, "When is the launch?")
    data = {"body": "The launch is on Friday [1].", "mentions": []}
    answer = Draft("message:created", "answer-1", assistant_id("acme"), data, "reply-to-1234")
    room_log.append(room.room, answer)
    persist()

    assert find(ada, "launch") == ["The launch is on Friday [1].", "When is the launch?"]


def test_pages_hold_everything_once(lobby, make_room, ada, bob, say, persist, api):
    make_room("board", ada, kind="private")
    said = [say(ada, ("lobby", "board")[n % 2], f"word {n}")["id"] for n in range(45)]
    persist()

    found, cursor = [], None
    while found == [] or cursor:
        asked = {"q": "word", **({"cursor": cursor} if cursor else {})}
        page = api(ada)("GET", "/search", query_string=asked).json["data"]
        found += [each["message"]["id"] for each in page["items"]]
        cursor = page["next"]
        assert len(page["items"]) <= search.AT_ONCE

    assert sorted(found) == sorted(said)
    assert len(found) == 45


@pytest.mark.parametrize(
    "query", ["", "q=", f"q={'x' * 201}", "q=x&cursor=nonsense", "q=x&room=lobby", "q=%00"]
)
def test_what_makes_no_sense_is_refused(lobby, ada, api, query):
    answer = api(ada)("GET", f"/search?{query}")

    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid_payload")


@pytest.mark.parametrize(
    "q", ['"', "a OR b", "NOT launch", "launch*", "'; --", "=lobby", "NEAR(a b)", "a:b", "\\"]
)
def test_the_language_of_no_database_is_spoken(lobby, ada, say, persist, find, q):
    say(ada, "lobby", "launch")
    persist()

    assert find(ada, q) == (["launch"] if q == "launch*" else [])


class TestLimits:
    @pytest.fixture
    def settings(self):
        return {"LIMIT_SEARCH": 2}

    def test_looking_for_things_is_counted(self, lobby, ada, bob, api):
        bot = api(ada)
        assert [bot("GET", "/search?q=x").status_code for _ in range(3)] == [200, 200, 429]
        assert api(bob)("GET", "/search?q=x").status_code == 200
