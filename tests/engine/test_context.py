"""Flask's application at hand, without a request."""

from __future__ import annotations

import threading

import pytest
from flask import Flask, current_app, has_app_context

from chatapp.engine import at_hand


@pytest.fixture
def plain():
    return Flask("plain")


def test_the_application_is_at_hand_during_the_call_and_not_after(plain):
    assert at_hand(plain, lambda word: (current_app.name, word))("hello") == ("plain", "hello")
    assert not has_app_context()


def test_whoever_was_at_hand_is_again_even_after_a_failure(plain):
    def fail():
        raise LookupError(current_app.name)

    with Flask("other").app_context():
        with pytest.raises(LookupError, match="plain"):
            at_hand(plain, fail)()
        assert current_app.name == "other"


def test_calls_may_overlap(plain):
    both = threading.Barrier(2, timeout=10)

    def name():
        both.wait()
        seen = current_app.name
        both.wait()
        return seen

    names = []
    others = [Flask(name) for name in ("one", "two")]
    threads = [
        threading.Thread(target=lambda app=app: names.append(at_hand(app, name)()))
        for app in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(names) == ["one", "two"]


def test_nothing_of_the_house_waits_for_a_context_to_end(app):
    assert app.teardown_appcontext_funcs == []
