"""The house rules that an import graph cannot see."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [ROOT / "config.py", ROOT / "wsgi.py", ROOT / "gunicorn.conf.py"] + [
    path for room in ("chatapp", "workers", "deploy") for path in (ROOT / room).rglob("*.py")
]


@pytest.mark.parametrize(
    ("phrase", "homes"),
    [
        (".emit(", {"chatapp/bus.py"}),
        ("send_task(", {"chatapp/jobs.py"}),
        ("monkey_patch(", {"wsgi.py", "chatapp/engine/worker.py"}),
        (":shard:", {"chatapp/store/keys.py"}),
        (":room:{", {"chatapp/types.py", "chatapp/store/keys.py"}),
    ],
)
def test_some_things_are_said_in_one_place_only(phrase, homes):
    users = {str(path.relative_to(ROOT)) for path in SOURCES if phrase in path.read_text()}
    assert users == homes


@pytest.mark.parametrize("room", ["chatapp", "workers"])
def test_nothing_in_the_house_reads_the_environment(room):
    """But the doors to it: config.py is handed the environment by wsgi, the workers and the console."""
    entries = {"workers/__init__.py", "chatapp/console.py", "chatapp/engine/worker.py"}
    readers = {
        str(path.relative_to(ROOT))
        for path in (ROOT / room).rglob("*.py")
        if "os.environ" in path.read_text() or "getenv(" in path.read_text()
    }
    assert readers <= entries


def test_every_module_can_be_read_in_one_sitting():
    """But two that nobody reads from end to end: the lists of nouns and of tables."""
    read = [path for path in SOURCES if path.name not in ("types.py", "tables.py")]
    long = [path.name for path in read if len(path.read_text().splitlines()) > 260]
    assert long == []
