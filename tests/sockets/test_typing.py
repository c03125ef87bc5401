"""That somebody is typing."""

from __future__ import annotations

from chatapp.store import local

BOB_TYPES = [{"room_id": "lobby", "user_id": "bob"}]


def test_the_others_see_it_and_its_end(join, lobby, ada, bob):
    alice, robert = join(ada, lobby), join(bob, lobby)

    robert.say("typing:start", room_id="lobby")
    assert alice.heard("typing:started") == BOB_TYPES
    robert.say("typing:stop", room_id="lobby")
    assert alice.heard("typing:stopped") == BOB_TYPES


def test_the_one_who_types_does_not_hear_it_but_their_other_tab_does(join, lobby, bob):
    here, there = join(bob, lobby), join(bob, lobby)

    here.say("typing:start", room_id="lobby")

    assert here.heard("typing:started") == []
    assert there.heard("typing:started") == BOB_TYPES


def test_saying_it_too_often_is_saying_it_once_a_second(join, lobby, ada, bob):
    alice, robert = join(ada, lobby), join(bob, lobby)
    for _ in range(20):
        robert.say("typing:start", room_id="lobby")
        robert.say("typing:stop", room_id="lobby")

    assert len(alice.heard("typing:started")) == 4  # short messages, written and sent at once
    assert len(alice.heard("typing:stopped")) == 4

    for connection in local.of_user("acme", "bob"):
        connection.typing["lobby"].since -= 1
    for _ in range(20):
        robert.say("typing:start", room_id="lobby")
    assert alice.heard("typing:started") == BOB_TYPES


def test_stopping_what_was_not_begun_says_nothing(join, lobby, ada, bob):
    alice, robert = join(ada, lobby), join(bob, lobby)

    robert.say("typing:stop", room_id="lobby")

    assert alice.heard("typing:stopped") == []


def test_only_in_a_room_one_listens_to(connect, join, lobby, ada, bob):
    alice, robert = join(ada, lobby), connect(bob)

    assert robert.ask("typing:start", room_id="lobby")["error"]["code"] == "room_not_found"
    assert alice.heard("typing:started") == []


def test_mallory_can_type_in_no_room_of_others(connect, join, lobby, ada, mallory):
    alice, eve = join(ada, lobby), connect(mallory)

    answers = [eve.ask(event, room_id="lobby") for event in ("typing:start", "typing:stop")]

    assert [answer["error"]["code"] for answer in answers] == ["room_not_found"] * 2
    assert alice.heard("typing:started") == []
