"""The supervisor, with members that are easier to kill than a chat."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.local.family import Family, Member
from deploy.local.settings import CHECKOUT
from tests.live.system import eventually

SLEEP = ["sleep", "1000"]


@pytest.fixture
def heard():
    return []


@pytest.fixture
def family(tmp_path, heard):
    with Family(tmp_path, dict(os.environ), lambda name, line: heard.append((name, line))) as made:
        yield made


def tend_until(family, condition, within=10):
    until = time.monotonic() + within
    while not condition():
        assert time.monotonic() < until
        family.tend(0.02)


def is_there(pid):
    """Zombies do not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def python(text):
    return [sys.executable, "-c", text]


def test_what_a_member_says_is_passed_on_line_by_line(family, heard):
    family.start(Member("one", ["printf", "first\nse"]))
    family.start(Member("two", python("import sys; print(sys.stdin.read())"), feed="fed"))
    tend_until(family, lambda: ("two", "fed") in heard)
    tend_until(family, lambda: ("one", "first") in heard)
    assert ("one", "se") not in heard


def test_small_talk_is_kept_back(family, heard):
    family.start(Member("one", ["printf", "hello there\nnews\n"], small_talk=("hello",)))
    tend_until(family, lambda: ("one", "news") in heard)
    assert ("one", "hello there") not in heard


def test_a_member_that_dies_is_started_again_and_the_cause_is_told(family, heard):
    member = family.start(Member("one", SLEEP))
    first = member.process.pid
    os.kill(first, signal.SIGKILL)
    tend_until(family, lambda: member.process.pid != first)
    assert member.is_alive
    assert ("one", "died (SIGKILL), starting it again") in heard


def test_a_member_that_keeps_dying_gets_longer_pauses_and_its_last_words_are_shown(family, heard):
    member = family.start(Member("one", ["sh", "-c", "echo no such thing; exit 3"]))
    tend_until(family, lambda: member.deaths == 3)
    assert ("one", "died (exit code 3), starting it again") in heard
    assert ("one", "died 3 times in a row; its last words:") in heard
    assert heard[-1] == ("one", "  no such thing")
    assert 0.6 < member.due - time.monotonic() <= 0.8


def test_children_of_a_member_that_died_do_not_survive_it(family, heard):
    member = family.start(Member("one", ["sh", "-c", "sleep 1000 & echo $!; wait"]))
    tend_until(family, lambda: heard)
    child = int(heard[0][1])
    member.process.kill()
    tend_until(family, lambda: not is_there(child))


def test_children_that_may_outlive_their_parent_end_with_the_family(tmp_path, heard):
    with Family(tmp_path, dict(os.environ), lambda *said: heard.append(said)) as family:
        member = family.start(
            Member("one", ["sh", "-c", "sleep 1000 & echo $!; wait"], leaves_orphans=True)
        )
        tend_until(family, lambda: heard)
        child, parent = int(heard[0][1]), member.process.pid
        member.process.kill()
        tend_until(family, lambda: member.process.pid != parent)
        assert is_there(child)
    assert not is_there(child)


def test_stopping_ends_everybody_and_the_last_goes_last(tmp_path, heard):
    polite = "trap 'echo bye; exit 0' TERM; while :; do sleep 0.05; done"
    with Family(tmp_path, dict(os.environ), lambda *said: heard.append(said)) as family:
        last = family.start(Member("last", ["sh", "-c", polite], goes_last=True))
        first = family.start(Member("first", ["sh", "-c", polite]))
        family.tend(0.3)
        processes = [last.process, first.process]
    assert [process.poll() for process in processes] == [0, 0]
    assert heard == [("first", "bye"), ("last", "bye")]


def test_who_does_not_stop_is_killed(tmp_path, heard):
    with Family(tmp_path, dict(os.environ), lambda *said: heard.append(said)) as family:
        deaf = family.start(
            Member(
                "deaf",
                ["sh", "-c", "trap '' TERM; echo on; while :; do sleep 1; done"],
                patience=0.3,
            )
        )
        tend_until(family, lambda: heard)
        process = deaf.process
    assert process.poll() == -signal.SIGKILL
    assert ("deaf", "does not stop, killed") in heard


def test_when_the_supervisor_is_killed_its_members_end(tmp_path):
    script = (
        "import os, pathlib\n"
        "from deploy.local.family import Family, Member\n"
        "with Family(pathlib.Path('.'), dict(os.environ)) as family:\n"
        "    member = family.start(Member('one', ['sleep', '1000']))\n"
        "    print(member.process.pid, flush=True)\n"
        "    family.tend(60)\n"
    )
    supervisor = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    with supervisor:
        member = int(supervisor.stdout.readline())
        assert is_there(member)
        supervisor.kill()
        eventually(lambda: not is_there(member), within=5)
