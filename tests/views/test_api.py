"""/api/v1, as bots and the page use it."""

from __future__ import annotations

import re
from hashlib import sha256
from html import unescape

import pytest
from sqlalchemy import insert

from chatapp import text
from chatapp.actions import members, people
from chatapp.store import tables
from chatapp.store.connection import redis
from chatapp.store.database import writing
from tests.conftest import NOW


def test_me_is_who_the_token_says(api, ada):
    me = api(ada)("GET", "/me").json["data"]

    assert (me["id"], me["email"], me["role"]) == ("ada", "ada@acme.test", "owner")
    assert me["workspace"] == {"id": "acme", "slug": "acme", "name": "Acme"}


def test_every_answer_has_an_id_and_what_is_left(api, ada):
    answer = api(ada)("GET", "/me", **{"X-Request-Id": "mine-0123456789"})

    assert answer.headers["X-Request-Id"] == "mine-0123456789"
    assert answer.headers["X-RateLimit-Limit"] == "600"
    assert int(answer.headers["X-RateLimit-Remaining"]) < 600
    assert int(answer.headers["X-RateLimit-Reset"]) > 0


class TestLimit:
    @pytest.fixture
    def settings(self):
        return {"LIMIT_EVENTS": 3}

    def test_too_many_requests_are_refused_for_a_while(self, api, ada, bob):
        bot = api(ada)
        answers = [bot("GET", "/me") for _ in range(4)]

        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[3].json["error"]["code"] == "too_fast"
        assert int(answers[3].headers["Retry-After"]) > 0
        assert api(bob)("GET", "/me").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("PUT", "/me", 405, "not_found"),
        ("GET", "/rooms/attic", 404, "room_not_found"),
        ("GET", "/people/nobody", 404, "not_found"),
        ("GET", "/people?cursor=junk", 422, "invalid_payload"),
        ("GET", "/me?extra=1", 422, "invalid_payload"),
    ],
)
def test_what_goes_wrong_comes_in_the_envelope(api, ada, method, path, status, code):
    answer = api(ada)(method, path)

    assert (answer.status_code, answer.json["ok"], answer.json["error"]["code"]) == (
        status,
        False,
        code,
    )
    assert answer.json["error"]["request_id"] == answer.headers["X-Request-Id"]


def test_a_body_that_is_no_object_or_too_large_is_refused(app, api, ada):
    bot = api(ada)

    assert bot("POST", "/rooms", ["public"]).json["error"]["code"] == "invalid_payload"
    assert bot("POST", "/rooms", {"kind": "public", "x": 1}).json["error"]["details"] == {
        "x": ["Unknown field."]
    }
    assert bot("POST", "/rooms", {"kind": "x" * 200_000}).json["error"]["code"] == "too_large"


def test_our_own_faults_are_answered_without_their_text(api, ada, monkeypatch):
    def explode(*_args: object) -> None:
        raise RuntimeError("disk on fire")

    monkeypatch.setattr("chatapp.actions.people.me", explode)
    answer = api(ada)("GET", "/me")

    assert (answer.status_code, answer.json["error"]["code"]) == (500, "internal")
    assert "disk" not in answer.text


def test_people_come_in_pages_that_neither_skip_nor_repeat(api, ada):
    many = [
        {
            "id": f"p{n:03}",
            "workspace_id": "acme",
            "email": f"p{n}@acme.test",
            "name": f"Person {n % 60}{'b' if n >= 60 else ''}",
            "name_skeleton": text.skeleton(f"person {n} of many"),
            "role": "member",
            "password_hash": "",
            "created_at": NOW,
        }
        for n in range(120)
    ]
    with writing() as connection:
        connection.execute(insert(tables.users), many)
    bot, cursor, seen = api(ada), None, []

    while True:
        page = bot("GET", "/people", query_string={"cursor": cursor} if cursor else None)
        seen += [person["id"] for person in page.json["data"]["items"]]
        cursor = page.json["data"]["next"]
        if cursor is None:
            break

    assert len(seen) == len(set(seen)) == 121


def test_people_are_found_by_what_one_types(api, ada, bob):
    def found(q: str) -> list[str]:
        answer = api(ada)("GET", "/people", query_string={"q": q})
        return [person["id"] for person in answer.json["data"]["items"]]

    assert found("BO") == ["bob"]
    assert found("%") == []
    assert found("Ada@acme.test") == ["ada"]


def test_only_administrators_find_people_by_a_part_of_their_address(api, ada, bob):
    found = api(bob)("GET", "/people", query_string={"q": "ada@"})

    assert found.json["data"]["items"] == []
    assert [each.id for each in people.accounts(ada, q="ada@").items] == ["ada"]


def test_a_room_is_made_and_is_there(api, ada, bob):
    room = api(ada)(
        "POST",
        "/rooms",
        {"kind": "private", "name": "  Plans ", "topic": "x", "member_ids": ["bob"]},
    ).json["data"]

    assert (room["name"], room["kind"], room["role"]) == ("Plans", "private", "admin")
    assert [r["id"] for r in api(bob)("GET", "/rooms").json["data"]["items"]] == [room["id"]]
    members = api(bob)("GET", f"/rooms/{room['id']}/members").json["data"]["items"]
    assert [(m["user_id"], m["role"]) for m in members] == [("ada", "admin"), ("bob", "member")]


def test_two_rooms_never_look_alike(api, ada, bob):
    assert api(ada)("POST", "/rooms", {"kind": "public", "name": "General"}).status_code == 201

    again = api(bob)("POST", "/rooms", {"kind": "private", "name": "genera1"})

    assert (again.status_code, again.json["error"]["code"]) == (409, "conflict")


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "x" * 81, "x" * 201])
def test_a_room_has_a_name_that_can_be_seen(api, ada, name):
    error = api(ada)("POST", "/rooms", json={"kind": "public", "name": name}).json["error"]

    assert error["code"] == "invalid_payload"
    assert error["details"] == {"name": ["Use between 1 and 80 visible characters."]}


def test_the_same_people_have_one_direct_room(api, ada, bob, person):
    person("carol")
    first = api(ada)("POST", "/rooms", {"kind": "direct", "member_ids": ["bob"]}).json["data"]
    same = api(bob)("POST", "/rooms", {"kind": "direct", "member_ids": ["ada", "ada"]}).json["data"]
    three = api(ada)("POST", "/rooms", {"kind": "direct", "member_ids": ["bob", "carol"]})

    assert same["id"] == first["id"]
    assert sorted(first["member_ids"]) == ["ada", "bob"]
    assert three.json["data"]["id"] != first["id"]


def test_a_direct_room_keeps_its_people(api, ada, bob, person):
    person("carol")
    room = api(ada)("POST", "/rooms", {"kind": "direct", "member_ids": ["bob"]}).json["data"]["id"]

    assert api(bob)("POST", f"/rooms/{room}/leave").status_code == 403
    assert api(ada)("POST", f"/rooms/{room}/members", {"user_ids": ["carol"]}).status_code == 403
    assert api(ada)("PATCH", f"/rooms/{room}", {"name": "Us"}).status_code == 403


def test_public_rooms_are_browsed_joined_and_left(api, lobby, make_room, ada, bob, person):
    carol = api(person("carol"))
    make_room("attic", ada, kind="private")

    [seen] = carol("GET", "/rooms/browse").json["data"]["items"]
    assert seen == {
        "id": "lobby",
        "name": "lobby",
        "topic": "",
        "member_count": 2,
        "joined": False,
    }
    assert carol("GET", "/rooms/lobby").status_code == 404

    joined = carol("POST", "/rooms/lobby/join").json["data"]
    assert (joined["id"], joined["role"]) == ("lobby", "member")
    seq = joined["seq"]
    assert carol("POST", "/rooms/lobby/join").json["data"]["seq"] == seq  # nothing happened

    assert carol("POST", "/rooms/lobby/leave").status_code == 200
    assert carol("GET", "/rooms/lobby/messages").json["error"]["code"] == "room_not_found"


def test_when_the_last_administrator_leaves_the_oldest_member_takes_over(api, lobby, ada, bob):
    api(ada)("POST", "/rooms/lobby/leave")

    [member] = api(bob)("GET", "/rooms/lobby/members").json["data"]["items"]
    assert (member["user_id"], member["role"]) == ("bob", "admin")


def test_members_come_in_pages_by_name(api, at_browser, app, make_room, ada, person, monkeypatch):
    monkeypatch.setattr(members, "AT_ONCE", 2)
    make_room("board", *(person(name) for name in ("dora", "bob", "eve", "carol")), ada)

    seen, cursor = [], ""
    while cursor is not None:
        page = api(ada)(
            "GET", f"/rooms/board/members?cursor={cursor}" if cursor else "/rooms/board/members"
        )
        seen += [member["user_id"] for member in page.json["data"]["items"]]
        cursor = page.json["data"]["next"]
        assert len(page.json["data"]["items"]) <= 2

    assert seen == ["ada", "bob", "carol", "dora", "eve"]
    first = at_browser(ada).get("/admin/rooms/board").text
    assert "5 people" in first
    assert "Carol" not in first
    following = re.search(r'href="([^"]+cursor=[^"]+)"', first)[1]
    assert "Carol" in at_browser(ada).get(unescape(following)).text


def test_a_room_is_renamed_and_archived(api, lobby, ada, bob):
    changed = api(ada)("PATCH", "/rooms/lobby", {"topic": "Come in"}).json["data"]
    assert (changed["type"], changed["data"]) == (
        "room:changed",
        {"name": "lobby", "topic": "Come in"},
    )
    assert api(bob)("GET", "/rooms/lobby").json["data"]["topic"] == "Come in"

    assert api(ada)("POST", "/rooms/lobby/archive").json["data"]["type"] == "room:archived"

    assert api(bob)("GET", "/rooms/lobby").json["data"]["archived"]
    assert api(ada)("POST", "/rooms/lobby/archive").status_code == 409
    said = api(bob)("POST", "/rooms/lobby/messages", {"client_id": "c-0000001", "body": "hi"})
    assert said.json["error"]["code"] == "conflict"


def test_messages_are_said_read_changed_and_taken_back(api, lobby, ada, bob):
    bot, other = api(ada), api(bob)
    said = bot("POST", "/rooms/lobby/messages", {"client_id": "c-0000001", "body": "hello"})
    again = bot("POST", "/rooms/lobby/messages", {"client_id": "c-0000001", "body": "hello"})
    assert (said.status_code, said.json["data"]["duplicate"]) == (201, False)
    assert again.json["data"] == said.json["data"] | {"duplicate": True}

    message_id, seq = said.json["data"]["id"], said.json["data"]["seq"]
    page = other("GET", "/rooms/lobby/messages").json["data"]
    assert [m["body"] for m in page["messages"]] == ["hello"]
    assert other("GET", "/rooms/lobby").json["data"]["unread"] == 1
    assert other("PUT", "/rooms/lobby/read", {"seq": seq}).json["data"]["unread"] == 0

    edit = {"body": "hello!", "revision": 1}
    assert other("PATCH", f"/messages/{message_id}", edit).status_code == 403
    assert bot("PATCH", f"/messages/{message_id}", edit).json["data"]["data"]["revision"] == 2
    assert bot("PATCH", f"/messages/{message_id}", edit).status_code == 409
    assert bot("DELETE", f"/messages/{message_id}?revision=2").json["data"]["type"] == (
        "message:removed"
    )


def test_a_post_is_done_once_under_its_key(api, ada):
    bot, key = api(ada), {"Idempotency-Key": "k-1"}
    room = {"kind": "public", "name": "Once"}

    first = bot("POST", "/rooms", room, **key)
    again = bot("POST", "/rooms", room, **key)
    other = bot("POST", "/rooms", room | {"name": "Twice"}, **key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert other.json["error"]["code"] == "conflict"
    assert len(bot("GET", "/rooms").json["data"]["items"]) == 1


def test_a_failed_post_may_be_tried_again_under_its_key(api, ada):
    bot, key = api(ada), {"Idempotency-Key": "k-1"}

    assert bot("POST", "/rooms", {"kind": "public"}, **key).status_code == 422
    assert bot("POST", "/rooms", {"kind": "public", "name": "Now"}, **key).status_code == 201


def test_a_key_is_its_owners_alone(api, ada, bob):
    key = {"Idempotency-Key": "k-1"}
    api(ada)("POST", "/rooms", {"kind": "public", "name": "Once"}, **key)

    assert api(bob)("POST", "/rooms", {"kind": "public", "name": "Once"}, **key).status_code == 409


def test_invitations_are_made_listed_and_taken_back(api, visitor, ada):
    bot = api(ada)
    made = bot("POST", "/invitations", {"role": "admin"}).json["data"]
    path = "/" + made["url"].split("/", 3)[3]
    assert visitor.get(path).status_code == 200

    [listed] = bot("GET", "/invitations").json["data"]["items"]
    assert "url" not in listed
    assert listed["invited_by"] == "ada"

    assert bot("DELETE", f"/invitations/{made['id']}").status_code == 200
    assert bot("DELETE", f"/invitations/{made['id']}").status_code == 404
    assert visitor.get(path).status_code == 404


def test_ones_sessions_are_listed_and_ended(api, ada, bob):
    here, there = api(ada), api(ada)
    sessions = here("GET", "/sessions").json["data"]["items"]
    other = there("GET", "/me").json["data"]["session_id"]

    assert [s["current"] for s in sessions].count(True) == 1
    assert api(bob)("DELETE", f"/sessions/{other}").status_code == 404
    assert here("DELETE", f"/sessions/{other}").status_code == 200
    assert there("GET", "/me").status_code == 401
    assert here("DELETE", "/sessions").status_code == 200
    assert len(here("GET", "/sessions").json["data"]["items"]) == 1


def test_no_secret_is_kept_for_a_repeat(api, ada, app, password):
    bot, key = api(ada), {"Idempotency-Key": "k-1"}
    body = {"current": password, "new": "another good password"}
    assert bot("POST", "/me/password", body, **key).status_code == 200
    key = {"Idempotency-Key": "k-2"}
    made = bot("POST", "/invitations", {}, **key).json["data"]
    again = bot("POST", "/invitations", {}, **key).json["data"]

    assert again == {name: value for name, value in made.items() if name != "url"}
    kept = " ".join(redis.get(name) for name in redis.scan_iter("*:answer:*"))
    assert made["id"] in kept
    assert made["url"].rpartition("/")[2] not in kept
    # Whoever reads Redis must not be able to try passwords against it.
    sent = f"POST /api/v1/me/password?\n{app.json.dumps(body)}".encode()
    assert sha256(sent).hexdigest() not in kept
