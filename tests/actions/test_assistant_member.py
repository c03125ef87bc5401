"""The assistant among the people: a member that administers nothing and cannot be anybody else."""

from __future__ import annotations

import pytest

from chatapp.actions import members, people, rooms, sessions, workspaces
from chatapp.errors import Blocked, NotAllowed, NotSignedIn
from chatapp.store import directory, memberships, users
from chatapp.types import assistant_id

OURS = assistant_id("acme")


def test_every_new_workspace_has_its_assistant(app):
    made = workspaces.create(slug="new", name="New")

    found = users.find(made.id, assistant_id(made.id))

    assert (found.role, found.name, found.disabled) == ("assistant", "Assistant", False)


def test_it_is_given_no_other_role_and_is_not_closed(ada, assistant):
    for change in ({"role": "admin"}, {"disabled": True}):
        with pytest.raises(NotAllowed):
            people.change(ada, user_id=OURS, **change)

    assert users.find("acme", OURS).role == "assistant"


@pytest.mark.parametrize("password", ["!", "", "assistant"])
def test_nobody_signs_in_as_it(ada, assistant, password):
    with pytest.raises(NotSignedIn):
        sessions.sign_in(
            slug="acme", email="assistant", password=password, address="", user_agent=""
        )
    with pytest.raises(Blocked):
        sessions.issue_token(ada, user_id=OURS, ttl=60)


def test_it_administers_no_room_and_inherits_none(ada, lobby, assistant):
    members.add(ada, room_id=lobby.id, user_ids=[OURS])

    with pytest.raises(NotAllowed):
        members.change(ada, room_id=lobby.id, user_id=OURS, role="admin")
    members.remove(ada, room_id=lobby.id, user_id="bob")
    rooms.leave(ada, room_id=lobby.id)

    assert memberships.admins("acme", lobby.id) == []
    assert memberships.role("acme", lobby.id, OURS) == "member"


def test_it_is_meant_by_its_title_whatever_it_is_called(ada, assistant):
    users.rename("acme", OURS, name="Robbie")
    directory.forget("acme")

    assert directory.mentioned("acme", "@assistant and @robbie") == [OURS]


def test_a_conversation_with_it_is_a_room_of_its_own_kind(ada, bob, assistant):
    room = rooms.create(ada, kind="assistant", member_ids=["bob"])

    roles = {one: memberships.role("acme", room.id, one) for one in ("ada", "bob", OURS)}
    assert roles == {"ada": "admin", "bob": "member", OURS: "member"}
    assert (room.kind, room.name) == ("assistant", None)


def test_conversations_may_have_the_same_name(ada, assistant, lobby):
    for _ in range(2):
        room = rooms.create(ada, kind="assistant")
        rooms.change(ada, room_id=room.id, name="lobby")
