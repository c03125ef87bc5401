from __future__ import annotations

import pytest
from uuid_utils import uuid7

from chatapp.actions import delivery, history, reading
from chatapp.store import backlog, tail
from chatapp.store.connection import redis
from chatapp.store.database import connect as connect_database
from chatapp.store.keys import RECORD_WATCHED, room_keys


def say(client, room, body="hello"):
    ack = client.ask("message:send", room_id=room.id, client_id=str(uuid7()), body=body)
    assert ack["ok"], ack
    return ack["data"]


def resume(client, room, **since):
    answer = client.ask("room:resume", room_id=room.id, **since)
    assert answer["ok"], answer
    return answer["data"]


def test_a_first_visit_gets_a_snapshot(join, connect, persist, lobby, ada, bob):
    alice = join(ada, lobby)
    say(alice, lobby, "one")
    persist()
    say(alice, lobby, "two")

    caught = resume(connect(bob), lobby)

    assert (caught["complete"], caught["events"]) == (False, [])
    assert [m["body"] for m in caught["snapshot"]["messages"]] == ["one", "two"]
    assert caught["snapshot"]["as_of"] == caught["seq"] == 2
    assert caught["snapshot"]["room"]["unread"] == 2
    assert caught["presence"] == {"ada": "active", "bob": "active"}


@pytest.mark.parametrize("trimmed", [0, 3], ids=["log", "record"])
def test_who_returns_gets_what_they_missed_and_nothing_else(
    join, connect, persist, lobby, ada, bob, trimmed
):
    alice = join(ada, lobby)
    said = [say(alice, lobby, str(n)) for n in range(5)]
    persist()
    redis.xtrim(room_keys(lobby).log, minid=f"{trimmed + 1}-0", approximate=False)

    caught = resume(connect(bob), lobby, epoch=said[0]["epoch"], after=1)

    assert (caught["complete"], caught["has_more"], caught["snapshot"]) == (True, False, None)
    assert [event["seq"] for event in caught["events"]] == [2, 3, 4, 5]
    assert caught["events"][0] == {k: v for k, v in said[1].items() if k != "duplicate"}


def test_a_log_that_no_longer_reaches_back_starts_over(join, connect, lobby, ada, bob):
    alice = join(ada, lobby)
    said = [say(alice, lobby, str(n)) for n in range(3)]
    redis.xdel(room_keys(lobby).log, "2-0")  # neither in the log nor in the record

    caught = resume(connect(bob), lobby, epoch=said[0]["epoch"], after=0)

    assert (caught["complete"], caught["events"]) == (False, [])
    assert caught["snapshot"] is not None


def test_too_much_missed_starts_over_and_much_comes_in_parts(join, connect, lobby, ada, bob, app):
    app.config["LIMIT_SEND"] = 10_000
    alice = join(ada, lobby)
    said = [say(alice, lobby, str(n)) for n in range(250)]
    robert, epoch = connect(bob), said[0]["epoch"]

    seen, after = [], 0
    while True:
        part = resume(robert, lobby, epoch=epoch, after=after)
        assert part["complete"]
        seen += [event["seq"] for event in part["events"]]
        if not part["has_more"]:
            break
        after = seen[-1]

    assert seen == list(range(1, 251))


@pytest.mark.parametrize("since", [{"after": 99}, {"after": 1, "epoch": "another"}], ids=str)
def test_another_life_or_the_future_starts_over(join, connect, lobby, ada, bob, since):
    event = say(join(ada, lobby), lobby)

    caught = resume(connect(bob), lobby, **{"epoch": event["epoch"], **since})

    assert caught["complete"] is False


def test_following_says_where_all_rooms_stand(connect, join, deliver, make_room, lobby, ada, bob):
    board = make_room("board", ada, bob, kind="private")
    make_room("cellar", ada, kind="private")
    say(join(ada, board), board, "@Bob")
    robert = connect(bob)

    rooms = {room["id"]: room for room in robert.ask("room:follow")["data"]["rooms"]}
    say(connect(ada), lobby)
    deliver()

    assert set(rooms) == {"lobby", "board"}
    assert (rooms["board"]["unread"], rooms["board"]["mentions"]) == (1, 1)
    assert [event["room_id"] for event in robert.heard("message:created")][-1] == "lobby"


def test_somebody_in_many_rooms_follows_them_all_in_steps(
    connect, api, deliver, make_room, ada, bob, monkeypatch
):
    monkeypatch.setattr(reading, "AT_ONCE", 2)
    everywhere = {make_room(f"room-{n}", ada, bob) for n in range(5)}
    robert, followed, cursor = connect(bob), [], {}
    while cursor is not None:
        answer = robert.ask("room:follow", **cursor)["data"]
        assert len(answer["rooms"]) <= 2
        followed += [room["id"] for room in answer["rooms"]]
        cursor = answer["next"] and {"cursor": answer["next"]}
    for room in everywhere:
        say(connect(ada), room)
    deliver()

    assert sorted(followed) == sorted(room.id for room in everywhere)
    assert len(robert.heard("message:created")) == 5
    first = api(bob)("GET", "/rooms").json["data"]
    second = api(bob)("GET", f"/rooms?cursor={first['next']}").json["data"]
    assert [room["id"] for room in first["items"] + second["items"]] == followed[:4]


def test_naming_too_many_rooms_at_once_is_refused(connect, lobby, bob):
    error = connect(bob).ask("room:follow", room_ids=["lobby"] * 101)["error"]

    assert (error["code"], list(error["details"])) == ("invalid_payload", ["room_ids"])


def test_a_room_left_alone_is_not_heard(join, deliver, lobby, ada, bob):
    robert = join(bob, lobby)
    robert.ask("room:leave", room_id=lobby.id)

    say(join(ada, lobby), lobby)
    deliver()

    assert robert.heard("message:created") == []
    assert resume(robert, lobby)["seq"] == 1  # still a member


def test_reading_is_told_to_the_other_tabs(join, connect, lobby, ada, bob):
    alice, robert, tab = join(ada, lobby), connect(bob), connect(bob)
    say(alice, lobby)
    say(alice, lobby, "@bob")

    ack = robert.ask("room:read", room_id=lobby.id, seq=1)

    assert ack["data"] == {"seq": 1, "unread": 1, "mentions": 1}
    assert tab.heard("read:moved") == [{"room_id": "lobby", "seq": 1, "unread": 1, "mentions": 1}]
    assert alice.heard("read:moved") == []


def test_without_the_database_reading_is_counted_from_the_log(
    app, join, connect, persist, lobby, ada, bob
):
    alice, robert, tab = join(ada, lobby), connect(bob), connect(bob)
    for body in ("one", "@bob two", "@bob, three", "four"):
        taken_back = say(alice, lobby, body)
    alice.ask("message:remove", message_id=taken_back["id"], revision=1)
    persist()
    whole = app.extensions["database"]
    app.extensions["database"] = connect_database("sqlite:////nowhere/chat.db")
    ack = robert.ask("room:read", room_id=lobby.id, seq=2)
    app.extensions["database"] = whole

    assert ack["data"] == {"seq": 2, "unread": 1, "mentions": 1}
    assert tab.heard("read:moved") == [{"room_id": "lobby", **ack["data"]}]


def test_who_is_removed_hears_no_more(join, deliver, api, lobby, ada, bob):
    alice, robert = join(ada, lobby), join(bob, lobby)

    api(ada)("DELETE", "/rooms/lobby/members/bob")
    deliver()
    say(alice, lobby, "are we alone?")
    deliver()

    assert [e["data"]["user_id"] for e in robert.heard("member:left")] == ["bob"]
    assert robert.heard("message:created") == []
    assert robert.ask("room:resume", room_id="lobby")["error"]["code"] == "room_not_found"


def test_who_is_added_is_told_wherever_they_are(connect, deliver, api, make_room, ada, bob):
    board = make_room("board", ada, kind="private")
    robert = connect(bob)

    answer = api(ada)("POST", "/rooms/board/members", {"user_ids": ["bob"]})
    deliver()

    assert answer.status_code == 200, answer.json
    (joined,) = robert.heard("member:joined")
    assert (joined["room_id"], joined["data"]["user_id"]) == (board.id, "bob")
    assert resume(robert, board)["complete"] is False


def test_heads_are_told_when_they_move(join, deliver, lobby, ada, bob, persist):
    alice, robert = join(ada, lobby), join(bob, lobby)
    delivery.tell_heads()
    robert.heard("room:head")

    event = say(alice, lobby)
    delivery.tell_heads()
    assert robert.heard("room:head") == [
        {"room_id": "lobby", "epoch": event["epoch"], "seq": 1, "applied": 0}
    ]
    delivery.tell_heads()
    assert robert.heard("room:head") == []
    persist()
    delivery.tell_heads()
    assert [head["applied"] for head in robert.heard("room:head")] == [1]


def test_a_wiped_redis_is_told_as_a_new_epoch(join, deliver, lobby, ada, bob, persist):
    alice, robert = join(ada, lobby), join(bob, lobby)
    old = say(alice, lobby)
    persist()
    delivery.tell_heads()

    redis.flushdb()
    delivery.tell_heads()

    (reset,) = robert.heard("room:reset")
    assert reset["epoch"] != old["epoch"]
    assert resume(robert, lobby)["snapshot"]["messages"][0]["body"] == "hello"


def test_a_redis_that_rolled_back_is_noticed(join, deliver, lobby, ada, bob, monkeypatch):
    alice, robert = join(ada, lobby), join(bob, lobby)
    kept, lost = say(alice, lobby, "kept"), say(alice, lobby, "lost")
    deliver()
    delivery.tell_heads()
    keys = room_keys(lobby)
    newest = redis.xrevrange(keys.shard_log, count=1)[0][0]

    # What an operating system that died does to the last second of an append-only file.
    redis.hset(keys.head, "seq", 1)
    redis.xdel(keys.log, "2-0")
    redis.xdel(keys.shard_log, newest)
    tail.here().doubtful = True
    deliver()
    again = say(alice, lobby, "again")

    assert again["seq"] > lost["seq"]
    assert again["epoch"] != kept["epoch"]
    assert [e["epoch"] for e in robert.heard("room:reset")] == [again["epoch"]]


def test_the_record_is_written_by_web_workers_when_nobody_else_does(join, app, lobby, ada):
    say(join(ada, lobby), lobby)

    history.help_out()
    assert sum(count for count, _ in backlog.waiting().values()) == 1
    app.config["RECORD_LAG"] = -1
    history.help_out()
    assert sum(count for count, _ in backlog.waiting().values()) == 1, "somebody looked just now"
    redis.delete(RECORD_WATCHED)
    history.help_out()
    assert sum(count for count, _ in backlog.waiting().values()) == 0


def test_what_nobody_waits_for_fails_audibly(connect, lobby, ada):
    alice = connect(ada)

    alice.say("typing:start", room_id=lobby.id)

    assert [error["code"] for error in alice.heard("error")] == ["room_not_found"]


def test_an_event_that_does_not_exist_is_answered_too(connect, ada):
    answer = connect(ada).ask("message:sned", body="hello")

    assert answer["error"]["code"] == "not_found"
