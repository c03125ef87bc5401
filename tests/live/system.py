"""A whole chat of real processes on free ports, for tests that kill, freeze and restart them."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask

from chatapp import create_app
from config import Config
from deploy.local import members
from deploy.local.family import Member
from deploy.local.settings import CHECKOUT, free_port
from deploy.local.tied import tied

Figure = TypeVar("Figure")


def eventually(condition: Callable[[], Any], *, within: float, every: float = 0.05) -> Any:
    """Whatever true thing `condition` comes to return; fails when the time is over."""
    until = time.monotonic() + within
    while True:
        if found := condition():
            return found
        assert time.monotonic() < until, f"not within {within} s: {condition}"
        time.sleep(every)


def sampled(measure: Callable[[], Figure], *, during: float, every: float = 0.2) -> list[Figure]:
    """What `measure` said again and again, for so many seconds."""
    until, said = time.monotonic() + during, [measure()]
    while time.monotonic() < until:
        time.sleep(every)
        said.append(measure())
    return said


class Part:
    """One process of the system, with all that it started."""

    def __init__(self, member: Member, environ: dict[str, str], log: Path) -> None:
        self.member, self.environ, self._log = member, environ, log
        self.process: subprocess.Popen[bytes] | None = None
        self._group: int | None = None  # of it and its children, until all are gone

    def start(self) -> None:
        assert not self.is_running
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                tied(self.member.command),
                cwd=CHECKOUT,
                env={**self.environ, **self.member.environ},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._group = self.process.pid
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(self.member.feed.encode())
            self.process.stdin.close()

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def kill(self) -> None:
        """Without a word, and all that it started with it."""
        self._signal(signal.SIGKILL)
        if self.process:
            self._wait(5)
        self._group = None

    def stop(self, within: float = 12) -> float:
        """As an operator would; returns the seconds it took."""
        began = time.monotonic()
        if self.is_running:
            assert self.process
            self.process.terminate()
            self._wait(within)
        self._signal(signal.SIGKILL)  # whoever it left behind
        self._group = None
        return time.monotonic() - began

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        """Nothing once it is gone: its number may by then be somebody else's."""
        if self._group:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._group, number)

    def _wait(self, seconds: float) -> None:
        assert self.process
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"{self.member.name} is still there after {seconds} s:\n{self.log[-4000:]}"
            ) from None


class Web(Part):
    """A gunicorn with one worker and a port of its own, so that a test knows whom it talks to."""

    def __init__(
        self, environ: dict[str, str], log: Path, *, worker_class: str, workers: int = 1
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        member = members.web("127.0.0.1", self.port, workers, worker_class)
        super().__init__(member, environ, log)

    def is_ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and body; 0 when nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection):
            try:
                connection.request("GET", path, headers=headers)
                answer = connection.getresponse()
                return answer.status, answer.read().decode(errors="replace")
            except (OSError, http.client.HTTPException) as error:
                return 0, repr(error)


class System:
    """Redis, web workers, a Celery worker and beat; ready when the `with` block begins.

    Keyword settings are those of config.py: System(path, PING_INTERVAL=5). The parts are `redis`,
    `web` (a list), `work` and `clock`; each can be killed and started again, and keeps its address.
    """

    def __init__(
        self,
        directory: Path,
        *,
        web: int = 2,
        workers_each: int = 1,
        worker_class: str = "eventlet",
        database_url: str | None = None,
        keys: dict[str, str] | None = None,
        **settings: Any,
    ) -> None:
        self.directory = directory
        port, password = free_port(), secrets.token_urlsafe(12)
        self.redis_url = f"redis://:{password}@127.0.0.1:{port}/0"
        self.database_url = database_url or f"sqlite:///{directory / 'chat.db'}"
        self.environ = {
            **os.environ,
            "REMAP_SIGTERM": "SIGQUIT",
            "SECRET_KEY": "a secret for the live tests",
            "REDIS_URL": self.redis_url,
            "DATABASE_URL": self.database_url,
            "ASYNC_MODE": "eventlet" if worker_class == "eventlet" else "threading",
            **{name: str(value) for name, value in settings.items()},
        }
        self._redis_answers = lambda: members.redis_answers(port, password, within=0.5)
        self.redis = self._part(members.redis(directory / "valkey", port, password))
        self.web = [
            Web(
                self.environ,
                directory / f"web-{number}.log",
                worker_class=worker_class,
                workers=workers_each,
            )
            for number in range(web)
        ]
        self.work = self._part(members.work())
        self.answers = self._part(members.answers(keys))
        self.clock = self._part(members.clock())
        self._app: Flask | None = None

    def __enter__(self) -> System:
        try:
            self.start_redis()
            self.run("-m", "deploy.prepare")
            for part in (*self.web, self.work, self.answers, self.clock):
                part.start()
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._app:
            self._app.extensions["database"].dispose()
        for part in (self.clock, self.work, self.answers, *self.web, self.redis):
            part.thaw()
            part.kill()

    @property
    def parts(self) -> list[Part]:
        return [self.redis, *self.web, self.work, self.answers, self.clock]

    @property
    def url(self) -> str:
        return self.web[0].url

    @property
    def app(self) -> Flask:
        """An application on the same Redis and database, for looking into them from the test."""
        if self._app is None:
            mode = {**self.environ, "ASYNC_MODE": "threading", "LOG_LEVEL": "error"}
            self._app = create_app(Config.from_env(mode))
        return self._app

    def start_redis(self) -> None:
        self.redis.start()
        eventually(self._redis_answers, within=10)

    def wait_until_ready(self, within: float = 30) -> None:
        for web in self.web:
            until = time.monotonic() + within
            while not web.is_ready():
                assert web.is_running, web.log
                assert time.monotonic() < until, f"{web.get('/readyz')}\n{web.log[-4000:]}"
                time.sleep(0.05)

    def chat(self, *arguments: str, stdin: str = "") -> str:
        """bin/chat: the last line of what it prints."""
        lines = self.run("-m", "chatapp.console", *arguments, stdin=stdin).strip().splitlines()
        return lines[-1] if lines else ""

    def demo(self) -> dict[str, Any]:
        """The demo workspace: {"workspace", "people": [{"email", "name", "password"}], "room"}."""
        return dict(json.loads(self.chat("demo")))

    def run(self, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=CHECKOUT,
            env={**self.environ, "ASYNC_MODE": "threading"},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _part(self, member: Member) -> Part:
        return Part(member, self.environ, self.directory / f"{member.name}.log")
