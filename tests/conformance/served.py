"""gunicorn as it is deployed, around the conformance app, on a free port."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from deploy.local.settings import CHECKOUT, free_port


class Served:
    """A gunicorn and its port; it is ready when it is made."""

    def __init__(self, log: Path, worker_class: str, workers: int = 1, **settings: str) -> None:
        self.port = free_port()
        self.log = log
        green = worker_class == "eventlet"
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "gunicorn", "-k", worker_class, "-w", str(workers),
                    "-b", f"127.0.0.1:{self.port}", "tests.conformance.app:app",
                ],
                cwd=CHECKOUT,
                env={**os.environ, "ASYNC_MODE": "eventlet" if green else "threading", **settings},
                stdout=out,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        self._wait_until_ready()

    def get(self, path: str, timeout: float = 20) -> str:
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=timeout) as answer:
            return answer.read().decode()

    def stop(self, sig: int = signal.SIGTERM) -> float:
        """Ends it and returns how many seconds that took."""
        started = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(sig)
        self.process.wait(20)
        return time.monotonic() - started

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError):
                self.get("/pid")
                return
            time.sleep(0.05)
        pytest.fail(f"gunicorn did not start:\n{self.log.read_text()}")
