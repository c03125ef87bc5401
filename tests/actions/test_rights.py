"""Who may do what, and what cannot be undone."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy.event import listen

from chatapp.actions import invitations, members, people, rooms, sessions
from chatapp.errors import (
    ChatError,
    Conflict,
    InvalidPayload,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RoomNotFound,
)
from chatapp.store import control, memberships, users


@pytest.fixture
def carol(person):
    return person("carol", role="admin")


def _role(room, user_id: str) -> str | None:
    return memberships.role(room.tenant_id, room.id, user_id)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda bob: people.change(bob, user_id="ada", disabled=True),
        lambda bob: people.change(bob, user_id="bob", role="admin"),
        people.accounts,
        lambda bob: people.create(bob, email="x@y.z", name="X", role="member", password="x" * 12),
        invitations.create,
        invitations.open_ones,
        lambda bob: rooms.change(bob, room_id="lobby", name="Mine"),
        lambda bob: rooms.archive(bob, room_id="lobby"),
        lambda bob: members.remove(bob, room_id="lobby", user_id="ada"),
        lambda bob: members.change(bob, room_id="lobby", user_id="bob", role="admin"),
        lambda bob: sessions.issue_token(bob, user_id="ada", ttl=60),
    ],
)
def test_a_member_governs_nothing(lobby, ada, bob, attempt):
    with pytest.raises(NotAllowed):
        attempt(bob)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda carol: people.change(carol, user_id="ada", role="member"),
        lambda carol: people.change(carol, user_id="ada", disabled=True),
        lambda carol: people.change(carol, user_id="bob", role="owner"),
        lambda carol: people.change(carol, user_id="carol", role="owner"),
        lambda carol: invitations.create(carol, role="owner"),
    ],
)
def test_nobody_lower_makes_or_unmakes_an_owner(ada, bob, carol, attempt):
    with pytest.raises(NotAllowed):
        attempt(carol)


def test_an_administrator_governs_the_others(ada, bob, carol):
    assert people.change(carol, user_id="bob", role="admin").role == "admin"
    assert people.change(carol, user_id="bob", role="member", disabled=True).disabled
    assert not people.change(carol, user_id="bob", disabled=False).disabled


def test_the_last_owner_stays_one(ada, bob):
    with pytest.raises(Conflict):
        people.change(ada, user_id="ada", role="member")
    assert users.find("acme", "ada").role == "owner"

    people.change(ada, user_id="bob", role="owner")
    assert people.change(ada, user_id="ada", role="member").role == "member"


def test_a_closed_owner_does_not_count_as_one(ada, bob):
    people.change(ada, user_id="bob", role="owner")
    people.change(ada, user_id="bob", disabled=True)

    with pytest.raises(Conflict):
        people.change(ada, user_id="ada", role="admin")


def test_two_owners_who_demote_each_other_leave_one(app, ada, person):
    other = person("olga", role="owner")
    _together(
        app,
        lambda: people.change(ada, user_id="olga", role="member"),
        lambda: people.change(other, user_id="ada", role="member"),
    )

    roles = [users.find("acme", name).role for name in ("ada", "olga")]
    assert sorted(roles) == ["member", "owner"]


def test_an_invitation_makes_one_account_however_many_come_at_once(app, ada):
    _, token = invitations.create(ada)

    def accept(name: str):
        return lambda: invitations.accept(
            token=token,
            email=f"{name}@acme.test",
            name=name,
            password="a long enough one",
            address="",
        )

    failures = _together(app, *(accept(name) for name in ("xenia", "yuri", "zoe")))

    assert len(failures) == 2
    assert {type(failure) for failure in failures} <= {Conflict, NotFound}
    assert users.count("acme") == 2


def test_the_same_two_people_starting_to_talk_at_once_meet_in_one_room(app, ada, bob):
    found = []
    _together(
        app,
        lambda: found.append(rooms.create(ada, kind="direct", member_ids=["bob"]).id),
        lambda: found.append(rooms.create(bob, kind="direct", member_ids=["ada"]).id),
    )

    assert len(set(found)) == 1
    assert len(found) == 2


def test_administrators_govern_public_rooms_and_those_they_are_in(make_room, ada, bob, carol):
    public = make_room("public-one", bob)
    private = make_room("private-one", bob, kind="private")
    theirs = make_room("private-two", bob, carol, kind="private")

    rooms.change(carol, room_id=public.id, topic="x")
    rooms.change(carol, room_id=theirs.id, topic="x")
    for attempt in (
        lambda: rooms.change(carol, room_id=private.id, topic="x"),
        lambda: members.page(carol, room_id=private.id),
        lambda: members.add(carol, room_id=private.id, user_ids=["carol"]),
        lambda: rooms.join(carol, room_id=private.id),
    ):
        with pytest.raises(RoomNotFound):
            attempt()


def test_who_made_a_room_governs_it(make_room, ada, bob, person):
    person("dora")
    room = make_room("den", bob, kind="private")

    members.add(bob, room_id=room.id, user_ids=["dora", "ada"])
    members.change(bob, room_id=room.id, user_id="dora", role="admin")
    members.remove(bob, room_id=room.id, user_id="ada")

    assert (_role(room, "dora"), _role(room, "ada")) == ("admin", None)


def test_the_last_administrator_of_a_room_is_not_demoted(make_room, bob, ada):
    room = make_room("den", bob, ada)

    with pytest.raises(Conflict):
        members.change(bob, room_id=room.id, user_id="bob", role="member")


def test_members_bring_others_into_rooms_they_are_in_only(make_room, ada, bob, person):
    dora = person("dora")
    inside = make_room("inside", ada, bob, kind="private")

    [brought] = members.add(bob, room_id=inside.id, user_ids=["dora"])
    assert (brought.user_id, brought.role) == ("dora", "member")

    outside = make_room("outside", ada)
    with pytest.raises(RoomNotFound):
        members.add(dora, room_id=outside.id, user_ids=["bob"])


def test_strangers_and_closed_accounts_are_not_brought_in(lobby, ada, bob, mallory, person):
    person("dora")
    people.change(ada, user_id="dora", disabled=True)

    for user_id in ("mallory", "dora", "nobody"):
        with pytest.raises(InvalidPayload):
            members.add(ada, room_id=lobby.id, user_ids=[user_id])
        with pytest.raises(InvalidPayload):
            rooms.create(ada, kind="direct", member_ids=[user_id])


def test_an_archived_room_takes_nobody_in(lobby, ada, person):
    dora = person("dora")
    rooms.archive(ada, room_id=lobby.id)

    for attempt in (
        lambda: rooms.join(dora, room_id=lobby.id),
        lambda: members.add(ada, room_id=lobby.id, user_ids=["dora"]),
        lambda: rooms.change(ada, room_id=lobby.id, name="Again"),
    ):
        with pytest.raises(Conflict):
            attempt()


def test_a_closed_account_cannot_sign_in_and_is_told_only_with_the_password(ada, bob, password):
    people.change(ada, user_id="bob", disabled=True)

    def sign_in(word: str):
        return sessions.sign_in(
            slug="acme", email="bob@acme.test", password=word, address="", user_agent=""
        )

    with pytest.raises(NotSignedIn):
        sign_in("wrong")
    with pytest.raises(ChatError) as refusal:
        sign_in(password)
    assert refusal.value.code == "blocked"


@pytest.mark.parametrize(
    ("deed", "kind"),
    [
        (sessions.sign_out, "session_ended"),
        (sessions.revoke_others, "sessions_ended"),
        (lambda ada: people.change(ada, user_id="bob", disabled=True), "user_disabled"),
        (lambda ada: people.change(ada, user_id="bob", role="admin"), "people_changed"),
        (lambda ada: people.rename(ada, name="Countess"), "people_changed"),
    ],
)
def test_every_worker_hears_who_must_go_and_who_has_changed(ada, bob, deed, kind):
    control.hear(block_ms=1)

    deed(ada)

    assert kind in [message["kind"] for message in control.hear(block_ms=1)]


def test_ending_a_session_may_be_repeated_until_it_was_heard(ada, monkeypatch, app):
    """Redis may be away at the wrong moment: then the session has ended, and nobody was told."""
    sessions.sign_out(ada)
    control.hear(block_ms=1)

    sessions.sign_out(ada)

    assert [message["kind"] for message in control.hear(block_ms=1)] == ["session_ended"]


def _together(app, *works) -> list[Exception]:
    """All at the same moment, each as a request of its own; what they raised."""
    start, failures = threading.Barrier(len(works)), []

    def run(work) -> None:
        with app.app_context():
            start.wait()
            try:
                work()
            except ChatError as error:
                failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@pytest.mark.parametrize("standing", [{"disabled": True}, {"role": "member"}])
def test_who_was_sent_away_has_left_no_door_open(ada, carol, standing):
    """An invitation is worth what whoever made it could still do."""
    _, token = invitations.create(carol, role="admin")
    assert invitations.look(token)

    people.change(ada, user_id="carol", **standing)

    assert invitations.open_ones(ada) == []
    with pytest.raises(NotFound):
        invitations.look(token)


def test_a_room_whose_last_administrator_is_sent_out_goes_to_who_was_there_longest(
    make_room, ada, bob, person
):
    room = make_room("board", bob, person("dora"), kind="public")

    members.remove(ada, room_id=room.id, user_id="bob")
    rooms.join(ada, room_id=room.id)

    assert (_role(room, "dora"), _role(room, "ada")) == ("admin", "member")


def test_a_closed_account_neither_inherits_a_room_nor_keeps_it(make_room, ada, bob, person):
    closed, dora = person("cleo"), person("dora")
    room = make_room("board", bob, closed, dora)
    people.change(ada, user_id="cleo", disabled=True)

    members.remove(ada, room_id=room.id, user_id="bob")
    assert (_role(room, "cleo"), _role(room, "dora")) == ("member", "admin")

    orphaned = make_room("shelf", closed, bob, dora)
    members.change(ada, room_id=orphaned.id, user_id="dora", role="admin")
    with pytest.raises(Conflict):  # cleo administers it in name only
        members.change(ada, room_id=orphaned.id, user_id="dora", role="member")
    rooms.leave(dora, room_id=orphaned.id)
    rooms.join(ada, room_id=orphaned.id)
    assert (_role(orphaned, "bob"), _role(orphaned, "ada")) == ("admin", "member")


def test_bringing_in_many_asks_the_database_no_more_than_bringing_in_one(
    app, make_room, ada, bob, person
):
    asked: list[str] = []
    listen(
        app.extensions["database"],
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_rest: asked.append(statement),
    )
    crowd = [person(f"guest-{n:02}").user_id for n in range(20)]
    room = make_room("board", ada)

    members.add(ada, room_id=room.id, user_ids=["bob"])  # finds the room's log cold
    asked.clear()
    members.add(ada, room_id=room.id, user_ids=crowd[:1])
    for_one = len(asked)
    asked.clear()
    brought = members.add(ada, room_id=room.id, user_ids=crowd)

    assert [member.user_id for member in brought] == crowd
    assert len(asked) == for_one
    asked.clear()
    rooms.create(ada, kind="private", name="alone")
    for_one = len(asked)
    asked.clear()
    rooms.create(ada, kind="private", name="crowded", member_ids=crowd)
    assert len(asked) <= for_one + 1
