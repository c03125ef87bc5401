"""A room's history as a file, for who is in it."""

from __future__ import annotations

import json
import re

import pytest

from chatapp.actions import exports, members, messages, people, rooms, sessions, workspaces
from chatapp.errors import Blocked, NotSignedIn, RoomNotFound
from chatapp.store import room_log
from chatapp.types import Draft, assistant_id


def test_a_history_is_every_message_as_a_line_of_the_protocol(
    api, lobby, ada, bob, say, persist, monkeypatch
):
    """More than one page, some of it not yet in the record."""
    monkeypatch.setattr(exports, "PAGE", 10)
    said = [say((ada, bob)[n % 2], "lobby", f"line {n}\nand more") for n in range(34)]
    persist()
    messages.edit(ada, message_id=said[0]["id"], body="changed", revision=1)
    messages.remove(bob, message_id=said[1]["id"], revision=1)
    said.append(say(ada, "lobby", "the last"))

    answer = api(bob)("GET", "/rooms/lobby/export")

    lines = [json.loads(line) for line in answer.text.splitlines()]
    shown = api(bob)("GET", "/rooms/lobby/messages?before=100").json["data"]["messages"]
    assert lines == shown
    assert [line["id"] for line in lines] == [each["id"] for each in said]
    assert (lines[0]["body"], lines[1]["body"], lines[-1]["body"]) == ("changed", "", "the last")
    assert answer.mimetype == "application/jsonl"
    name = answer.headers["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="lobby \d{4}-\d\d-\d\d\.jsonl"', name)


def test_as_markdown_it_can_be_read_and_nobody_can_write_what_was_not_said(
    api, make_room, ada, bob, person, say, persist
):
    eve = person("*eve*")
    make_room("lobby", ada, bob, eve)
    say(ada, "lobby", "Hello\n## 2020-01-01\n\n**Bob**, 12:00")
    gone = say(bob, "lobby", "a secret")
    say(eve, "lobby", "me too")
    messages.remove(bob, message_id=gone["id"], revision=1)
    persist()

    answer = api(ada)("GET", "/rooms/lobby/export?format=markdown")

    assert answer.mimetype == "text/markdown"
    told = answer.text
    assert told.startswith("# lobby\n\nAs of 20")
    assert len(re.findall(r"^## \d{4}-\d\d-\d\d$", told, re.MULTILINE)) == 1
    assert re.search(
        r"^\*\*Ada\*\*, \d\d:\d\d\n\n> Hello\n> ## 2020-01-01\n>\n> \*\*Bob\*\*, 12:00$",
        told,
        re.MULTILINE,
    )
    assert "*Message removed*" in told
    assert "secret" not in told
    assert r"**\*eve\***, " in told


def test_a_conversation_with_the_assistant_is_taken_away_with_its_sources(
    api, ada, assistant, say, persist
):
    room = rooms.create(ada, kind="assistant")
    asked = say(ada, room.id, "When is the launch?")
    run = {
        **{"id": asked["id"], "question_id": asked["id"], "attempt": 1, "outcome": "stopped"},
        **dict.fromkeys(("provider", "model", "cost", "error")),
        **{"input_tokens": 0, "output_tokens": 0, "seconds": 1},
        "sources": [{"n": 1, "kind": "document", "title": "plans.md", "quote": "On Friday."}],
    }
    data = {"body": "On Friday [1].", "mentions": [], "run": run}
    answer = Draft("message:created", "answer-1", assistant_id("acme"), data, "reply-to-1234")
    room_log.append(room.room, answer)

    lines = api(ada)("GET", f"/rooms/{room.id}/export").text.splitlines()
    told = api(ada)("GET", f"/rooms/{room.id}/export?format=markdown").text

    assert json.loads(lines[-1])["run"] == run
    assert "> On Friday [1].\n>\n> 1. plans.md\n\n*Stopped before its end*" in told


def test_a_room_without_a_name_is_called_after_who_is_in_it(api, make_room, ada, bob):
    make_room("d-1", ada, bob, kind="direct")

    answer = api(ada)("GET", "/rooms/d-1/export?format=markdown")

    assert 'filename="Bob ' in answer.headers["Content-Disposition"]
    assert answer.text.startswith("# Bob\n")


def test_an_empty_room_is_an_empty_history(api, lobby, ada):
    assert api(ada)("GET", "/rooms/lobby/export").text == ""


def test_only_who_is_in_the_room_gets_it(api, make_room, ada, bob, mallory, person, say):
    make_room("board", ada, kind="private")
    say(ada, "board", "canary")

    for stranger in (bob, person("carol", role="admin"), mallory):
        for format_ in ("json", "markdown"):
            answer = api(stranger)("GET", f"/rooms/board/export?format={format_}")
            assert (answer.status_code, answer.json["error"]["code"]) == (404, "room_not_found")
            assert "canary" not in answer.text


def test_who_is_put_out_meanwhile_gets_no_more_of_it(lobby, ada, bob, say, persist, monkeypatch):
    monkeypatch.setattr(exports, "PAGE", 2)
    for n in range(6):
        say(ada, "lobby", f"line {n}")
    pages = exports.take(bob, room_id="lobby").pages
    assert [each.body for each in next(pages)] == ["line 0", "line 1"]

    members.remove(ada, room_id="lobby", user_id="bob")
    persist()

    with pytest.raises(RoomNotFound):
        next(pages)


@pytest.mark.parametrize(
    ("end", "refusal"),
    [
        (lambda ada, bob: sessions.sign_out(bob), NotSignedIn),
        (lambda ada, bob: sessions.revoke(bob, session_id=bob.session_id), NotSignedIn),
        (lambda ada, bob: people.change(ada, user_id="bob", disabled=True), NotSignedIn),
        (lambda ada, bob: workspaces.suspend(workspaces.operator("acme")), Blocked),
    ],
    ids=["signed out", "token revoked", "account disabled", "workspace suspended"],
)
def test_whose_session_is_over_meanwhile_gets_no_more_of_it(
    lobby, ada, bob, say, persist, monkeypatch, end, refusal
):
    monkeypatch.setattr(exports, "PAGE", 2)
    for n in range(6):
        say(ada, "lobby", f"line {n}")
    pages = exports.take(bob, room_id="lobby").pages
    assert [each.body for each in next(pages)] == ["line 0", "line 1"]

    end(ada, bob)

    with pytest.raises(refusal):
        next(pages)


def test_what_is_said_meanwhile_is_not_waited_for(lobby, ada, bob, say, monkeypatch):
    monkeypatch.setattr(exports, "PAGE", 2)
    for n in range(4):
        say(ada, "lobby", f"line {n}")

    found = []
    for page in exports.take(bob, room_id="lobby").pages:
        found += [each.body for each in page]
        say(ada, "lobby", "one more")

    assert found == [f"line {n}" for n in range(4)]


@pytest.mark.parametrize("query", ["format=pdf", "format=", "all=1"])
def test_another_format_is_refused(lobby, ada, api, query):
    answer = api(ada)("GET", f"/rooms/lobby/export?{query}")
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid_payload")


class TestLimits:
    @pytest.fixture
    def settings(self):
        return {"LIMIT_EXPORT": 2}

    def test_taking_histories_away_is_counted(self, lobby, ada, api):
        bot = api(ada)
        asked = [bot("GET", "/rooms/lobby/export").status_code for _ in range(3)]
        assert asked == [200, 200, 429]
