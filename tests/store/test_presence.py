"""Who is here: a lease for each connection, by Redis's clock."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as given_that
from hypothesis import strategies as st

from chatapp.store import keys, presence
from chatapp.store.connection import redis
from chatapp.store.local import Connection
from chatapp.types import Caller


@pytest.fixture(name="settings")
def quick():
    return {"LEASE": 30.0, "LEASE_RENEW": 0.0, "SWEEP_EVERY": 0.0}


def tab(sid: str, user_id: str = "ada", state: str = "active", tenant: str = "acme") -> Connection:
    return Connection(sid, Caller(tenant, user_id, user_id), state=state)


def lapse(*connections: Connection, tenant: str = "acme") -> None:
    """As if nobody had renewed these for half a minute."""
    leases = keys.presence(tenant)[0]
    for connection in connections:
        redis.zadd(leases, {f"{connection.caller.user_id}/{connection.sid}": 1})


def sweep_twice(tenant: str = "acme") -> presence.Changes:
    """The first sweep after a pause only looks."""
    return presence.sweep(tenant) + presence.sweep(tenant)


def test_the_first_tab_comes_online_and_the_last_goes_offline(app):
    assert presence.touch("acme", [tab("1")]) == [("ada", "active")]
    assert presence.touch("acme", [tab("2")]) == []
    assert presence.drop("acme", [tab("1")]) == []
    assert presence.drop("acme", [tab("2")]) == [("ada", "offline")]
    assert presence.online("acme") == {}


def test_renewing_says_nothing(app):
    tabs = [tab("1"), tab("2", "bob")]
    presence.touch("acme", tabs)

    assert presence.touch("acme", tabs) == []


def test_the_most_awake_tab_counts(app):
    presence.touch("acme", [tab("1"), tab("2")])

    assert presence.touch("acme", [tab("1", state="away")]) == []
    assert presence.touch("acme", [tab("2", state="away")]) == [("ada", "away")]
    assert presence.touch("acme", [tab("1")]) == [("ada", "active")]
    assert presence.drop("acme", [tab("1")]) == [("ada", "away")]


def test_a_lease_that_nobody_renews_ends_with_the_sweep(app):
    presence.touch("acme", [tab("1"), tab("2", "bob")])
    lapse(tab("1"))

    assert sweep_twice() == [("ada", "offline")]
    assert presence.online("acme") == {"bob": "active"}


def test_a_person_with_another_tab_is_not_reported_offline(app):
    presence.touch("acme", [tab("1"), tab("2")])
    lapse(tab("1"))

    assert sweep_twice() == []
    assert presence.online("acme") == {"ada": "active"}


def test_a_lease_lasts_as_long_as_the_setting_says(app):
    before = time.time()
    presence.touch("acme", [tab("1")])
    ends = redis.zscore(keys.presence("acme")[0], "ada/1")

    assert before + 29 < ends / 1000 < time.time() + 31


def test_dropping_what_is_not_there_changes_nothing(app):
    presence.touch("acme", [tab("1")])

    assert presence.drop("acme", [tab("9"), tab("9", "bob")]) == []
    assert presence.online("acme") == {"ada": "active"}


def test_somebody_whose_id_begins_like_anothers_is_somebody_else(app):
    presence.touch("acme", [tab("1", "ada"), tab("2", "adam")])

    assert presence.drop("acme", [tab("1", "ada")]) == [("ada", "offline")]
    assert presence.online("acme") == {"adam": "active"}


def test_tenants_do_not_see_each_other(app):
    presence.touch("acme", [tab("1")])
    presence.touch("rival", [tab("2", "mallory", tenant="rival")])

    assert presence.online("acme", ["ada", "mallory"]) == {"ada": "active"}
    assert presence.online("rival") == {"mallory": "active"}
    assert presence.tenants() == ["acme", "rival"]


def test_a_tenant_that_everybody_left_leaves_nothing_behind(app):
    presence.touch("acme", [tab("1")])
    presence.drop("acme", [tab("1")])
    sweep_twice()

    assert presence.tenants() == []
    assert redis.keys("*acme*") == []


def test_asking_about_nobody_costs_nothing(app):
    assert presence.online("acme", []) == {}


def test_only_one_sweeper_is_told_to_sweep(app):
    app.config["SWEEP_EVERY"] = 60.0

    assert [presence.sweep_is_due() for _ in range(3)] == [True, False, False]


class TestAfterAPause:
    """Redis was away, or every sweeper: nobody could renew, so nobody is called gone yet."""

    @pytest.fixture(name="settings")
    def slow(self):
        return {"LEASE_RENEW": 10.0, "SWEEP_EVERY": 5.0}

    def test_nobody_goes_offline_before_the_workers_had_time_to_renew(self, app):
        presence.touch("acme", [tab("1"), tab("2", "bob")])
        lapse(tab("1"), tab("2", "bob"))

        assert sweep_twice() == []
        presence.touch("acme", [tab("1")])  # its worker is back; bob's is not
        redis.hset(keys.presence("acme")[4], "from", 0)  # the time is over
        assert presence.sweep("acme") == [("bob", "offline")]

    def test_until_then_nobody_may_conclude_that_the_missing_are_gone(self, app):
        presence.touch("acme", [tab("1")])
        assert presence.people("acme") == ({"ada": "active"}, False)
        presence.sweep("acme")
        assert presence.people("acme") == ({"ada": "active"}, False)
        redis.hset(keys.presence("acme")[4], "from", 0)
        assert presence.people("acme") == ({"ada": "active"}, True)


def test_thousands_of_leases_are_renewed_in_turns(app):
    tabs = [tab(str(n), f"person-{n}") for n in range(2_500)]

    assert len(presence.touch("acme", tabs)) == 2_500
    lapse(*tabs)
    for _ in range(4):
        presence.sweep("acme")
    assert presence.online("acme") == {}


VERBS = st.lists(
    st.tuples(
        st.sampled_from(["touch", "drop", "lapse", "sweep"]),
        st.sampled_from(["ada", "ad", "bob"]),
        st.sampled_from(["1", "2"]),
        st.sampled_from(["active", "away"]),
    ),
    max_size=30,
)


@given_that(verbs=VERBS)
@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_happens_somebody_is_online_exactly_while_they_hold_a_lease(app, verbs):
    redis.flushdb()
    presence.sweep("acme")
    held: dict[tuple[str, str], str] = {}
    lapsed: set[tuple[str, str]] = set()
    told: dict[str, str] = {}
    for verb, user, sid, state in verbs:
        connection = tab(sid, user, state)
        if verb == "touch":
            told |= dict(presence.touch("acme", [connection]))
            held[user, sid] = state
            lapsed.discard((user, sid))
        elif verb == "drop":
            told |= dict(presence.drop("acme", [connection]))
            held.pop((user, sid), None)
            lapsed.discard((user, sid))
        elif verb == "lapse" and (user, sid) in held:
            lapse(connection)
            lapsed.add((user, sid))
        elif verb == "sweep":
            told |= dict(sweep_twice())
            for name in lapsed:
                del held[name]
            lapsed.clear()
        states = {u: "away" for (u, _), s in held.items() if s == "away"}
        states |= {u: "active" for (u, _), s in held.items() if s == "active"}
        assert presence.online("acme") == states
        assert {u: s for u, s in told.items() if s != "offline"} == states
