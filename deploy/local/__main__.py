"""`python -m deploy.local`: start the chat, keep it running, stop it. bin/run is this, after setup."""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
import webbrowser
from typing import IO

from config import Config, ConfigError
from deploy.local import arguments, checks, members, settings
from deploy.local.family import Family, Member
from deploy.local.settings import CHECKOUT, VAR, Refused, Settings

_READY_WITHIN = 60.0  # seconds
_LEFT_BEHIND = 15.0  # seconds for what a killed bin/run started to end


def main() -> int:
    wanted = arguments.read()
    try:
        _run(wanted)
    except (Refused, ConfigError) as error:
        print(f"bin/run: {error}", file=sys.stderr)
        return 1
    return 0


def _run(wanted: argparse.Namespace) -> None:
    stop = _Stop()
    with _lock(stop) as locked:
        settings.withdraw()  # what a bin/run that was killed left behind
        checks.address_is_free(wanted.host, wanted.port)
        found = settings.find_or_make(dict(os.environ))
        Config.from_env(found.environ)
        with Family(CHECKOUT, found.environ) as family, contextlib.ExitStack() as at_the_end:
            if found.redis_port:
                _start_redis(family, found, found.redis_port, locked.fileno())
            at_the_end.callback(settings.withdraw)
            settings.publish(found)
            is_new = not _is_known(found)
            if is_new:
                _prepare(found)
            web = family.start(
                members.web(wanted.host, wanted.port, wanted.workers, hold=(locked.fileno(),))
            )
            _wait_until_ready(family, web, wanted, stop)
            if not stop.asked:
                demo = None if wanted.no_demo else _demo(found, is_new=is_new)
                _greet(wanted, demo)
                family.start(members.work())
                family.start(members.answers(found.keys))
                family.start(members.clock())
            while not stop.asked:
                family.tend(0.5)
            print("Stopping.", flush=True)


class _Stop:
    """Whether somebody asked us to end: Ctrl-C, TERM, or the terminal went away."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True


def _lock(stop: _Stop) -> IO[str]:
    """Waits, and says so, for what a bin/run that was killed left behind: its web workers are
    taking leave of their people, and hold the port.
    """
    until, told = time.monotonic() + _LEFT_BEHIND, False
    while True:
        try:
            return settings.lock()
        except settings.Taken as taken:
            if taken.by_living or stop.asked or time.monotonic() > until:
                raise
            if not told:
                print("bin/run: The one before was killed; waiting for what it left.", flush=True)
                told = True
            time.sleep(0.1)


def _start_redis(family: Family, found: Settings, port: int, lock: int) -> None:
    password = found.redis_password
    member = family.start(members.redis(VAR / "valkey", port, password, hold=(lock,)))
    while not members.redis_answers(port, password, within=0.1):
        family.tend(0)
        if member.deaths:
            raise Refused(f"The embedded Redis does not start: {_last_line(member)}")


def _is_known(found: Settings) -> bool:
    """Everything is ours and as we left it, so that there is nothing to check or to migrate."""
    return (
        found.redis_port is not None
        and found.is_sqlite_ours
        and checks.is_current(VAR / "chat.db", CHECKOUT / "migrations/versions")
    )


def _prepare(found: Settings) -> None:
    done = _python(found, "deploy.prepare")
    if done.returncode != 0:
        raise Refused(_last_of(done.stderr) or "The database could not be prepared.")


def _wait_until_ready(family: Family, web: Member, wanted: argparse.Namespace, stop: _Stop) -> None:
    until = time.monotonic() + _READY_WITHIN
    answer = "nothing"
    while not stop.asked:
        family.tend(0.05)
        if web.deaths:
            raise Refused(f"The web server does not start: {_last_line(web)}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            status, answer = _ask_readyz(wanted)
            if status == 200:
                return
        if time.monotonic() > until:
            raise Refused(f"Not ready after {_READY_WITHIN:.0f} seconds; /readyz says: {answer}")


def _ask_readyz(wanted: argparse.Namespace) -> tuple[int, str]:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(wanted.host, wanted.host)
    connection = http.client.HTTPConnection(host, wanted.port, timeout=2)
    with contextlib.closing(connection):
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        return response.status, response.read(2_000).decode(errors="replace")


def _demo(found: Settings, *, is_new: bool) -> dict[str, object] | None:
    """The demo workspace, if this made it: then its passwords are known, now and never again."""
    marker = VAR / "demo"
    if marker.exists() and not is_new:
        return None
    done = _python(found, "chatapp.console", "demo")
    if done.returncode != 0:
        print(f"The demo workspace could not be made: {_last_of(done.stderr)}", flush=True)
        return None
    marker.touch()
    line = _last_of(done.stdout)
    return json.loads(line) if line else None


def _greet(wanted: argparse.Namespace, demo: dict[str, object] | None) -> None:

    host = "localhost" if wanted.host in ("127.0.0.1", "::1", "0.0.0.0", "::") else wanted.host
    address = f"http://{host}:{wanted.port}"
    print(f"\nThe chat is at {address} (Ctrl-C stops it)\n", flush=True)
    if demo:
        print(f'Sign in to the workspace "{demo["workspace"]}" as one of')
        for person in demo["people"]:  # type: ignore[attr-defined]
            print(f"    {person['email']}    password {person['password']}")
        print(f"and talk in #{demo['room']}. The passwords are not shown again.\n", flush=True)
    if wanted.open:
        webbrowser.open(address)


def _python(found: Settings, *module: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *module],
        cwd=CHECKOUT,
        env=found.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _last_of(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else ""


def _last_line(member: Member) -> str:
    return member.last_lines[-1] if member.last_lines else "it said nothing"


if __name__ == "__main__":
    sys.exit(main())
