from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from chatapp import passwords
from chatapp.errors import InvalidPayload


def test_what_is_kept_is_not_the_password(app):
    kept = passwords.choose("correct horse battery")

    assert kept.startswith("$argon2id$")
    assert "horse" not in kept
    assert passwords.matches("correct horse battery", kept)
    assert not passwords.matches("Correct horse battery", kept)
    assert kept != passwords.choose("correct horse battery")


def test_nobody_has_every_password(app):
    assert not passwords.matches("anything", None)
    assert not passwords.matches("", "not a hash")


@pytest.mark.parametrize("password", ["", "too short", "x" * 201])
def test_a_new_password_has_a_length(app, password):
    with pytest.raises(InvalidPayload) as refusal:
        passwords.choose(password)
    assert "password" in refusal.value.details


def test_a_password_kept_more_weakly_is_kept_anew_at_the_next_sign_in(app):
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct horse battery")

    assert passwords.matches("correct horse battery", weak)
    assert passwords.is_outdated(weak)
    assert not passwords.is_outdated(passwords.keep("correct horse battery"))


def test_under_eventlet_the_others_go_on_while_a_password_is_checked():
    """In a process of its own: nothing that pytest imports may be patched."""
    program = """
import eventlet
eventlet.monkey_patch()
from flask import Flask
from chatapp import passwords

app, ticks = Flask("x"), []
app.config.update(ASYNC_MODE="eventlet", PASSWORD_MIN=10)

def tick():
    while True:
        ticks.append(1)
        eventlet.sleep(0.001)

with app.app_context():
    eventlet.spawn(tick)
    eventlet.sleep(0)
    kept = passwords.choose("correct horse battery")
    assert passwords.matches("correct horse battery", kept)
    assert not passwords.matches("wrong", kept)
print(len(ticks))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20  # three times some 40 ms; standing still it would be four ticks
