"""Who asks at once asks once; a question that fails, or whose asker is stopped, leaves nobody waiting."""

from __future__ import annotations

import eventlet
import pytest
from eventlet import GreenPool
from eventlet.event import Event

from chatapp.engine.together import Together
from tests.engine.conftest import eventually


@pytest.fixture
def asked():
    return []


def test_who_asks_within_a_turn_asks_together(asked):
    together = Together(lambda about: asked.append(about) or {n: n * 2 for n in about})
    pool = GreenPool()

    answers = list(pool.imap(lambda n: together(n)[n], range(50)))
    answers.append(together(50)[50])

    assert answers == [n * 2 for n in range(51)]
    assert asked == [[*range(50)], [50]]


def test_who_comes_while_it_is_asked_asks_with_the_next(asked):
    gate = Event()

    def ask(about):
        asked.append(about)
        gate.wait()
        return about

    together, pool = Together(ask), GreenPool()
    first = [pool.spawn(together, n) for n in range(2)]
    eventually(lambda: asked)
    second = [pool.spawn(together, n) for n in range(2, 4)]
    eventually(lambda: len(asked) == 2)
    gate.send()

    assert [one.wait() for one in first + second] == [[0, 1], [0, 1], [2, 3], [2, 3]]


def test_a_failure_is_everybodys_and_the_next_may_succeed():
    together = Together(lambda about: 1 // (len(about) - 3))
    pool = GreenPool()

    three = [pool.spawn(together, n) for n in range(3)]
    for one in three:
        with pytest.raises(ZeroDivisionError):
            one.wait()

    assert together("alone") == -1


def test_who_is_stopped_holds_nobody_up(asked):
    together = Together(lambda about: asked.append(about) or "answer")
    first, second, third = (eventlet.spawn(together, n) for n in range(3))
    eventlet.sleep(0)  # all three wait for the end of the turn
    second.kill()
    assert third.wait() == first.wait() == "answer"


def test_who_was_to_ask_for_all_and_is_stopped_tells_them(asked):
    gate = Event()
    together = Together(lambda about: gate.wait())
    first, second = (eventlet.spawn(together, n) for n in range(2))
    eventlet.sleep(0)
    eventlet.sleep(0)
    first.kill()
    with pytest.raises(RuntimeError, match="stopped"):
        second.wait()
