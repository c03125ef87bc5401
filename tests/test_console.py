"""bin/chat, as scripts use it: a process of its own on the settings of the environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatapp import auth
from chatapp.actions import control
from chatapp.store import memberships, migrations, rooms, users, workspaces

ROOT = Path(__file__).parents[1]


@pytest.fixture
def chat(app, redis_url, database_url):
    def run(*arguments: str, typed: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        environ = {
            "PATH": os.environ["PATH"],
            "SECRET_KEY": app.config["SECRET_KEY"],
            "REDIS_URL": redis_url,
            "DATABASE_URL": database_url,
            **settings,
        }
        return subprocess.run(
            [sys.executable, "-m", "chatapp.console", *arguments],
            cwd=ROOT,
            env=environ,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def _last(done) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_a_workspace_its_people_and_rooms_are_made_from_the_command_line(chat, app):
    tenant_id = _last(chat("workspace", "create", "shop", "--name", "The Shop"))
    assert workspaces.by_slug("shop").id == tenant_id

    user_id = _last(
        chat(
            *("user", "create", "--workspace", "shop", "--email", "Zoe@shop.test"),
            *("--name", "Zoe", "--role", "admin", "--password-stdin"),
            typed="a long enough one\n",
        )
    )
    assert users.find(tenant_id, user_id).email == "zoe@shop.test"

    room_id = _last(chat("room", "create", "--workspace", "shop", "back office", "--private"))
    assert rooms.find(tenant_id, room_id).kind == "private"

    chat("room", "add", "--workspace", "shop", "back office", "zoe@shop.test")
    assert memberships.role(tenant_id, room_id, user_id) == "admin"

    token = _last(chat("token", "--workspace", "shop", "--email", "zoe@shop.test"))
    assert auth.identify({"token": token}, {}).user_id == user_id

    chat("user", "disable", "--workspace", "shop", "--email", "zoe@shop.test")
    assert users.find(tenant_id, user_id).disabled


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("workspace", "create", "acme", "--name", "A"), "short name already"),
        (("workspace", "create", "No Slug", "--name", "A"), "lower-case letters"),
        (("token", "--workspace", "nowhere", "--email", "x@y.z"), "no workspace nowhere"),
        (("token", "--workspace", "acme", "--email", "x@y.z"), "Nobody here"),
        (("room", "add", "--workspace", "acme", "attic", "ada@acme.test"), "no room attic"),
        (("user", "create", "--workspace", "acme", "--email", "a@b.c", "--name", "A"), "stdin"),
        (
            ("user", "create", "--workspace", "acme", "--email", "zoe", "--name", "Zoe")
            + ("--password-stdin",),
            "not an e-mail address",
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_a_code(chat, ada, arguments, words):
    done = chat(*arguments, typed="a long enough one\n")

    assert done.returncode != 0
    assert words in done.stderr
    assert (done.stdout, "Traceback" in done.stderr) == ("", False)


def test_a_missing_setting_is_named(chat):
    done = chat("doctor", SECRET_KEY="short")

    assert done.returncode == 1
    assert "SECRET_KEY is too short" in done.stderr


def test_the_demo_is_made_once(chat, app):
    made = json.loads(_last(chat("demo")))

    assert [person["name"] for person in made["people"]] == ["Ada", "Bob"]
    assert made["workspace"] == "demo"
    tenant_id = workspaces.by_slug("demo").id
    general = rooms.by_name(tenant_id, made["room"])
    assert general.member_count == 2

    again = chat("demo")
    assert (again.returncode, again.stdout) == (0, "")


def test_the_doctor_says_what_is_wrong(chat, app):
    done = chat("doctor")  # the tests' Valkey has no append-only file, and there is no Celery

    found = dict(line[6:].split(": ", 1) for line in done.stdout.splitlines())
    assert done.returncode == 1
    assert list(found) == ["settings", "redis", "database", "migrations", "queue", "clock"]
    assert "appendonly is off" in found["redis"]
    assert migrations.pending()  # the tests make their tables without
    assert "run python -m deploy.prepare" in found["migrations"]


def test_the_doctor_survives_what_is_down(chat):
    done = chat("doctor", REDIS_URL="redis://127.0.0.1:1", DATABASE_URL="sqlite:////nowhere/x.db")

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert [line[:4] for line in done.stdout.splitlines()] == ["ok  "] + ["FAIL"] * 5


def test_a_suspended_workspace_lets_nobody_in_until_it_is_restored(chat, app, connect, ada, bob):
    alice, robert = connect(ada), connect(bob)
    control.listen()

    assert _last(chat("workspace", "suspend", "acme")) == "acme"
    control.listen()

    assert [told["reason"] for told in alice.heard("session:ended")] == ["disabled"]
    assert not robert.is_connected
    assert not connect(ada).is_connected
    assert _last(chat("workspace", "restore", "acme")) == "acme"
    assert connect(ada).is_connected
