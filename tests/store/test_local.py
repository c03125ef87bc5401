"""What a worker remembers of the connections it holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatapp.store import local
from chatapp.store.local import Connection, Connections
from chatapp.types import Caller


def test_a_connection_is_found_by_sid_person_session_and_tenant(app, ada, bob):
    laptop, phone, other = Connection("1", ada), Connection("2", ada), Connection("3", bob)
    for connection in (laptop, phone, other):
        local.add(connection)

    assert local.get("1") is laptop
    assert local.of_user("acme", ada.user_id) == [laptop, phone]
    assert local.of_session(bob.session_id) == [other]
    assert local.of_tenant("acme") == [laptop, phone, other]
    assert local.tenants() == ["acme"]
    assert local.all() == [laptop, phone, other]


def test_another_tenants_person_of_the_same_id_is_somebody_else(app):
    local.add(Connection("1", Caller("acme", "ada", "Ada", session_id="s1")))

    assert local.of_user("rival", "ada") == []
    assert local.of_tenant("rival") == []


def test_removing_twice_is_removing_once(app, ada):
    connection = Connection("1", ada)
    local.add(connection)

    assert local.remove("1") is connection
    assert local.remove("1") is None
    assert local.get("1") is None


PEOPLE = [Caller(t, u, u, session_id=f"{t}-{u}-{n}") for t in "xy" for u in "ab" for n in "12"]


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(PEOPLE))))
def test_when_everybody_is_gone_nothing_is_left(arrivals):
    connections = Connections()
    for number, caller in arrivals:
        connections.remove(str(number))
        connections.add(Connection(str(number), caller))
    for number, _ in arrivals:
        connections.remove(str(number))

    indexes = [connections.by_sid, connections.by_user, connections.by_session]
    assert [*indexes, connections.by_tenant] == [{}, {}, {}, {}]
