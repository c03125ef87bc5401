"""What the log says, and what it never says."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from chatapp import logs
from chatapp.store import tables
from chatapp.store.database import writing

ROOT = Path(__file__).parent.parent


@pytest.fixture
def settings():
    return {"LOG_LEVEL": "info"}


@pytest.fixture
def lines(app, capsys):
    def read():
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    return read


def test_a_line_says_what_where_and_in_which_request(lines):
    request_id = logs.begin(event_name="messages:send")
    logs.get("chatapp.test").info("kept", seq=7)

    (line,) = lines()
    timestamp = line.pop("timestamp")
    assert line == {
        "event": "kept",
        "seq": 7,
        "level": "info",
        "logger": "chatapp.test",
        "event_name": "messages:send",
        "request_id": request_id,
    }
    assert timestamp.endswith("Z")


@pytest.mark.parametrize("name", ["password", "new_password", "token", "Authorization", "cookie"])
def test_secrets_are_hidden_however_deep(lines, name):
    logs.get("chatapp.test").info("signed in", **{name: "hunter2", "given": {name: "hunter2"}})

    (line,) = lines()
    assert (line[name], line["given"][name]) == ("[hidden]", "[hidden]")


@pytest.mark.parametrize(
    "name", ["werkzeug", "engineio.server", "socketio.server", "celery.worker", "kombu"]
)
def test_libraries_speak_in_our_format_and_only_when_something_is_wrong(lines, name):
    logging.getLogger(name).info("received a packet")
    logging.getLogger(name).error("broken %s", "pipe")

    (line,) = lines()
    assert (line["event"], line["level"], line["logger"]) == ("broken pipe", "error", name)


def test_an_exception_is_one_line(lines):
    try:
        raise ValueError("no")
    except ValueError:
        logs.get("chatapp.test").exception("failed")

    (line,) = lines()
    assert "ValueError: no" in line["exception"]


def test_building_the_app_again_does_not_say_everything_twice(lines):
    logs.configure("info")
    logs.get("chatapp.test").info("once")

    assert len(lines()) == 1


@pytest.mark.parametrize("given", ["0123abcd-trace.1:2", "A" * 64])
def test_a_callers_request_id_is_kept(given):
    assert logs.begin(given) == logs.request_id() == given


@pytest.mark.parametrize(
    "given", [None, "", "short", "A" * 65, "with space", 'quo"te12', "x\ny12345"]
)
def test_anything_else_gets_one_of_ours(given):
    assert logs.begin(given) != given
    assert len(logs.request_id()) == 32


def test_every_http_answer_carries_its_id(app):
    browser = app.test_client()

    assert (
        browser.get("/nothing", headers={"X-Request-Id": "trace-0001"}).headers["X-Request-Id"]
        == "trace-0001"
    )
    assert len(browser.get("/nothing").headers["X-Request-Id"]) == 32


GREENLETS = """
import eventlet; eventlet.monkey_patch()
import eventlet.wsgi
from chatapp import logs
seen = {}
def request(name, first):
    ours = logs.begin(f"request-{name}")
    first.wait()
    seen[name] = logs.request_id()
gates = [eventlet.event.Event() for _ in range(3)]
pool = eventlet.GreenPool(2)  # fewer than requests: greenlets are used again
for n in range(3):
    pool.spawn_n(request, n, gates[n]); eventlet.sleep(0)
    if n: gates[n - 1].send()
gates[2].send(); pool.waitall()
assert logs.request_id() == "", logs.request_id()
assert seen == {n: f"request-{n}" for n in range(3)}, seen
"""


def test_requests_of_one_worker_do_not_take_each_others_ids():
    done = subprocess.run(
        [sys.executable, "-c", GREENLETS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_what_the_database_was_asked_is_not_told(app, workspaces, capsys):
    """A body, an address, a password hash: they would be in the text of its errors."""
    row = {"id": "acme", "slug": "a secret", "name": "x", "created_at": datetime.now(UTC)}

    try:
        with writing() as connection:
            connection.execute(insert(tables.workspaces), row)
    except IntegrityError:
        logs.get("chatapp.test").exception("refused")

    told = capsys.readouterr().err
    assert "IntegrityError" in told
    assert "a secret" not in told
