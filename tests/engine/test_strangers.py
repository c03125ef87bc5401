"""Who has not said who they are: counted by address, and forgotten to the last."""

from __future__ import annotations

import sys
from threading import Thread

import pytest

from chatapp.engine.strangers import Strangers


def test_an_address_is_full_until_one_of_its_strangers_is_none():
    strangers = Strangers(2)
    strangers.come("1", "192.0.2.1", 0.0)
    strangers.come("2", "192.0.2.1", 0.0)
    assert strangers.crowd("192.0.2.1")
    assert not strangers.crowd("192.0.2.2")

    strangers.forget("1")
    strangers.forget("1")
    assert not strangers.crowd("192.0.2.1")
    strangers.come("3", "192.0.2.1", 0.0)
    assert strangers.crowd("192.0.2.1")

    strangers.forget_all_but([])
    assert not strangers.crowd("192.0.2.1")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("no:address", "no:body", False),
    ],
)
def test_whoever_may_choose_among_addresses_is_one(one, other, same):
    strangers = Strangers(1)
    strangers.come("1", one, 0.0)

    assert strangers.crowd(other) == same


def test_who_left_their_namespace_is_a_stranger_from_nowhere():
    strangers = Strangers(1)

    assert strangers.since("1", 5.0) == strangers.since("1", 9.0) == 5.0
    assert not strangers.crowd("")


@pytest.fixture
def restless():
    """Threads take turns a thousand times as often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_lose_count_of_nobody(restless):
    """Under gthread each connection has one: a count that drifted would shut an address out for good."""
    strangers, failures = Strangers(1), []

    def come_and_go(name: str) -> None:
        try:
            for number in range(3_000):
                strangers.come(f"{name}{number}", "192.0.2.1", 0.0)
                strangers.forget_all_but([])
        except Exception as error:
            failures.append(error)

    threads = [Thread(target=come_and_go, args=(name,)) for name in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    strangers.forget_all_but([])

    assert failures == []
    assert not strangers.crowd("192.0.2.1")
