"""What the processes must know, found in the environment or made under var/."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO

from config import RUN_ENV, Config, ProviderKeys

CHECKOUT = Path(__file__).parents[2]
VAR = CHECKOUT / "var"


class Refused(Exception):
    """bin/run cannot start; the text is one sentence for the operator."""


class Taken(Refused):
    """Another bin/run has this checkout, or what it left behind when it was killed."""

    def __init__(self, pid: str) -> None:
        self.by_living = _lives(pid)
        words = (
            "already runs in this checkout"
            if self.by_living
            else "was killed here, and what it started does not end"
        )
        super().__init__(f"bin/run {words} (process {pid}).")


@dataclass(frozen=True)
class Settings:
    environ: dict[str, str]  # of every process
    keys: dict[str, str]  # of the one that asks the providers of models
    redis_port: int | None  # of the Redis we run ourselves; None: somebody else's
    redis_password: str
    is_sqlite_ours: bool


def find_or_make(environ: dict[str, str]) -> Settings:
    """The environment wins; what it lacks is made, the same at each start where that matters."""
    VAR.mkdir(mode=0o700, exist_ok=True)
    known = {
        "REMAP_SIGTERM": "SIGQUIT",
        **environ,
    }  # Celery then stops without waiting for its tasks
    if "SECRET_KEY" not in known:
        known["SECRET_KEY"] = _kept_secret(VAR / "secret")
    port, password = None, secrets.token_urlsafe(24)
    if "REDIS_URL" not in known:
        port = free_port()
        known["REDIS_URL"] = f"redis://:{password}@127.0.0.1:{port}/0"
    ours = "DATABASE_URL" not in known
    if ours:
        known["DATABASE_URL"] = f"sqlite:///{VAR / 'chat.db'}"
    names = {field.name for field in fields(ProviderKeys)}
    keys = {name: known.pop(name) for name in names & set(known)}
    return Settings(known, keys, port, password, ours)


def publish(settings: Settings) -> None:
    """For bin/chat, and whoever else works on this checkout while we run: every setting we were
    given, or they would look for a room on another shard. How a process waits is its own affair.
    """
    names = [field.name for field in fields(Config) if field.name != "ASYNC_MODE"]
    given = {name: settings.environ[name] for name in names if name in settings.environ}
    text = "".join(f"{name}={value}\n" for name, value in given.items())
    _write_private(RUN_ENV, text)


def withdraw() -> None:
    RUN_ENV.unlink(missing_ok=True)


def lock() -> IO[str]:
    """One bin/run per checkout: two would write to the same files. Hold what is returned."""
    VAR.mkdir(mode=0o700, exist_ok=True)
    file = (VAR / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        raise Taken(file.read()) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _lives(pid: str) -> bool:
    """When in doubt it does."""
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except (PermissionError, ValueError):
        pass
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _kept_secret(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        made = secrets.token_urlsafe(48)
        _write_private(path, made + "\n")
        return made


def _write_private(path: Path, text: str) -> None:
    """Never readable by others, not even for the moment between making it and chmod."""
    made = path.with_name(path.name + ".new")
    made.unlink(missing_ok=True)
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    made.replace(path)
