"""bin/run, as somebody types it: in a checkout of its own, with everything it starts."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from deploy.local.settings import CHECKOUT, free_port
from tests.live.system import eventually

pytestmark = pytest.mark.live

OWN = ("var", ".git", ".venv")  # of each checkout; the rest can be shared


class Checkout:
    """The files of this one, and a var/ of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.runs: list[Run] = []
        self.var = directory / "var"
        for entry in CHECKOUT.iterdir():
            if entry.name not in OWN:
                (directory / entry.name).symlink_to(entry)

    def run(self, *options: str, **environ: str) -> Run:
        self.runs.append(Run(self, options, environ))
        return self.runs[-1]

    def clear(self) -> None:
        """What a failed test left running."""
        for run in self.runs:
            run.process.kill()
            run.process.wait()
            for pid in run.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


class Run:
    """One bin/run, without the setup; everything it starts carries its mark."""

    def __init__(
        self, checkout: Checkout, options: tuple[str, ...], environ: dict[str, str]
    ) -> None:
        self.checkout = checkout
        self.port = free_port()
        self.mark = f"MARK={uuid.uuid4()}"
        self._log = checkout.directory / f"run-{self.port}.log"
        name, value = self.mark.split("=")
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deploy.local", "--port", str(self.port), *options],
                cwd=checkout.directory,
                env={**os.environ, **environ, name: value},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        return self._log.read_text()

    def wait_for_address(self, within: float = 90) -> None:
        eventually(
            lambda: "The chat is at" in self.said or self.process.poll() is not None, within=within
        )
        assert self.process.poll() is None, self.said

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3)
        with (
            contextlib.closing(connection),
            contextlib.suppress(OSError, http.client.HTTPException),
        ):
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        return False

    def processes(self) -> dict[int, str]:
        """Everything with our mark that is alive: process id and command line."""
        found = {}
        for directory in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self.mark.encode() in (directory / "environ").read_bytes().split(b"\0"):
                    line = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found[int(directory.name)] = line
        return found

    def seconds_of_work(self) -> float:
        """What all its processes have cost the processors, whoever else was busy meanwhile."""
        ticks = 0
        for pid in self.processes():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def pid_of(self, word: str) -> int | None:
        """The member whose command line has the word: a child of the supervisor."""
        for pid, line in self.processes().items():
            with contextlib.suppress(OSError):  # it may have ended since
                parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
                if word in line and int(parent) == self.process.pid:
                    return pid
        return None

    def stop(self) -> float:
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(20)
        return time.monotonic() - began

    def refusal(self) -> str:
        """What it said when it did not start: one sentence, and nothing left behind."""
        assert self.process.wait(30) == 1, self.said
        sentences = [line for line in self.said.splitlines() if not line.startswith("redis |")]
        assert len(sentences) == 1, self.said
        assert self.processes() == {}
        return sentences[0].removeprefix("bin/run: ")


@pytest.fixture
def checkout(tmp_path):
    made = Checkout(tmp_path)
    yield made
    made.clear()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    made = Checkout(tmp_path_factory.mktemp("checkout"))
    run = made.run("--no-demo")
    run.wait_for_address()
    eventually(lambda: run.pid_of("answers@") and run.pid_of("beat"), within=20)
    yield run
    made.clear()


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_start_says_how_to_sign_in_and_the_second_is_quick(checkout):
    first = checkout.run()
    first.wait_for_address()
    assert f"http://localhost:{first.port}" in first.said
    assert 'the workspace "demo"' in first.said
    assert len(re.findall(r"^    \S+@\S+    password \S{12,}$", first.said, re.MULTILINE)) == 2
    assert first.stop() < 12

    began = time.monotonic()
    second = checkout.run()
    second.wait_for_address()
    took, worked = time.monotonic() - began, second.seconds_of_work()
    assert "password" not in second.said
    second.stop()
    assert took < 3 or worked < 6  # two cores with nothing else to do need less than two seconds


def test_while_it_runs_its_settings_are_there_for_its_owner_alone(checkout):
    run = checkout.run("--no-demo")
    run.wait_for_address()
    assert mode(checkout.var / "run.env") == mode(checkout.var / "secret") == 0o600
    names = [line.split("=")[0] for line in (checkout.var / "run.env").read_text().splitlines()]
    assert [name for name in names if name not in os.environ] == [
        "SECRET_KEY",
        "REDIS_URL",
        "DATABASE_URL",
    ]
    assert not any("redis://" in line for line in run.processes().values())
    run.stop()
    assert not (checkout.var / "run.env").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything(checkout, number):
    run = checkout.run("--no-demo")
    run.wait_for_address()
    eventually(lambda: run.pid_of("beat"), within=20)
    eventually(lambda: len(run.processes()) == 10, within=20)  # Celery has two more, gunicorn too
    run.process.send_signal(number)
    assert run.process.wait(12) == 0
    assert run.processes() == {}


@pytest.mark.parametrize("word", ["valkey", "gunicorn", "work@", "answers@", "beat"])
def test_what_is_killed_comes_back(running, word):
    before = running.pid_of(word)
    os.kill(before, signal.SIGKILL)
    eventually(lambda: running.pid_of(word) not in (None, before), within=10)
    eventually(running.is_ready, within=15)


def test_when_it_is_killed_itself_nothing_stays(checkout):
    run = checkout.run("--no-demo")
    run.wait_for_address()
    eventually(lambda: run.pid_of("beat"), within=20)
    run.process.kill()
    run.process.wait()
    again = checkout.run("--no-demo", "--port", str(run.port))  # which they still hold
    again.wait_for_address()
    assert "The one before was killed; waiting for what it left." in again.said
    eventually(lambda: run.processes() == {}, within=12)
    again.stop()


def test_what_it_can_be_told_is_said_at_once(tmp_path):
    """Without an environment, let alone an installation."""
    (tmp_path / "deploy").symlink_to(CHECKOUT / "deploy")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/run").write_text((CHECKOUT / "bin/run").read_text())
    began = time.monotonic()
    done = subprocess.run(
        ["sh", "bin/run", "--help"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "--workers" in done.stdout
    assert time.monotonic() - began < 2
    assert not (tmp_path / ".venv").exists()


def test_two_in_one_checkout_are_one_too_many(running):
    second = running.checkout.run("--no-demo")
    expected = f"bin/run already runs in this checkout (process {running.process.pid})."
    assert second.refusal() == expected
    assert running.is_ready()


def test_a_port_in_use_is_said(checkout):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = checkout.run("--port", str(port))
        assert run.refusal() == f"Port {port} is in use: choose another with --port."


@pytest.mark.parametrize(
    ("environ", "beginning"),
    [
        ({"REDIS_URL": "redis://127.0.0.1:9"}, "Redis at REDIS_URL does not answer: "),
        (
            {"DATABASE_URL": "postgresql+psycopg://chat@127.0.0.1:9/chat"},
            "The database at DATABASE_URL cannot be used: ",
        ),
        ({"DATABASE_URL": "sqlite:////nowhere/chat.db"}, "The database at DATABASE_URL cannot be"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL must begin with "),
        ({"PING_INTERVAL": "often"}, "PING_INTERVAL='often' is not a valid int."),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
    ],
)
def test_what_cannot_work_is_refused_in_one_sentence(checkout, environ, beginning):
    assert checkout.run(**environ).refusal().startswith(beginning)
    assert not (checkout.var / "run.env").exists()


def test_an_address_that_is_not_ours_is_said(checkout):
    assert "192.0.2.1" in checkout.run("--host", "192.0.2.1").refusal()


def test_a_web_server_that_cannot_start_ends_it(checkout):
    (checkout.directory / "wsgi.py").unlink()
    (checkout.directory / "wsgi.py").write_text("raise RuntimeError('out of order')")
    run = checkout.run("--no-demo")
    assert run.process.wait(30) == 1
    assert "bin/run: The web server does not start" in run.said
    assert "out of order" in run.said
    assert run.processes() == {}
