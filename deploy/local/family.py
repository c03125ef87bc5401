"""Processes that belong together: started, listened to, restarted when they die, stopped in order.

One thread, one loop. Each member leads a process group, so that nothing it started is left behind;
the kernel tells the members when we die without a word.
"""

from __future__ import annotations

import collections
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.tied import tied

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0  # seconds before a member that died is started again
_SETTLED = 20.0  # seconds alive after which a death is an accident and not a habit
_HABIT = 3  # deaths in a row that are worth showing the last lines for
_LAST_LINES = 15


@dataclass
class Member:
    name: str
    command: list[str]
    feed: str = ""  # given on standard input
    hold: tuple[int, ...] = ()  # descriptors it inherits
    patience: float = 10.0  # seconds between TERM and KILL
    small_talk: tuple[str, ...] = ()  # lines with one of these are not worth showing
    goes_last: bool = False  # because the others need it to say goodbye
    environ: dict[str, str] = field(default_factory=dict, repr=False)  # what it alone is told
    leaves_orphans: bool = False  # whether its children outlive its death, to end in their own way

    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0  # in a row
    due: float | None = None  # when to start it again
    groups: list[int] = field(default_factory=list)  # of former lives too, while somebody is left
    half_line: bytes = b""
    last_lines: collections.deque[str] = field(
        default_factory=lambda: collections.deque(maxlen=_LAST_LINES)
    )

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Family:
    """Use it within `with`: at the end of the block everybody is gone."""

    def __init__(
        self,
        directory: Path,
        environ: dict[str, str],
        say: Callable[[str, str], None] | None = None,
    ) -> None:
        self._directory, self._environ = directory, environ
        self._say = say or _print
        self._members: list[Member] = []
        self._pipes = selectors.DefaultSelector()
        self._stopping = False

    def __enter__(self) -> Family:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, member: Member) -> Member:
        self._members.append(member)
        self._launch(member)
        return member

    def tend(self, seconds: float) -> None:
        """Pass on what the members say, for so long, and start again those who died."""
        until = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            for member in self._members:
                self._look_after(member, now)
            if now >= until:
                return
            for key, _ in self._pipes.select(min(0.1, until - now)):
                self._pass_on(key.data, key.fileobj)

    def stop(self) -> None:
        self._stopping = True
        self._end(member for member in self._members if not member.goes_last)
        self._end(member for member in self._members if member.goes_last)
        left = [group for member in self._members for group in member.groups]
        until = time.monotonic() + 1
        while (left := [each for each in left if _signal(each, signal.SIGKILL)]) and (
            time.monotonic() < until
        ):
            time.sleep(0.01)
        self._members.clear()
        for key in list(self._pipes.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._pipes.close()

    def _launch(self, member: Member) -> None:
        member.process = subprocess.Popen(
            tied(member.command),
            cwd=self._directory,
            env={**self._environ, **member.environ},
            stdin=subprocess.PIPE if member.feed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            bufsize=0,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours to pass on, and KILL reaches its children
            pass_fds=member.hold,
        )
        if member.process.stdin:
            member.process.stdin.write(member.feed.encode())
            member.process.stdin.close()
        assert member.process.stdout
        os.set_blocking(member.process.stdout.fileno(), False)
        self._pipes.register(member.process.stdout, selectors.EVENT_READ, member)
        member.started, member.due = time.monotonic(), None
        member.groups.append(member.process.pid)

    def _look_after(self, member: Member, now: float) -> None:
        member.groups = [group for group in member.groups if _signal(group, 0)]
        if self._stopping:
            return
        if member.due is not None and now >= member.due:
            self._launch(member)
        elif member.due is None and not member.is_alive:
            self._mourn(member, now)

    def _mourn(self, member: Member, now: float) -> None:
        assert member.process
        self._pass_on(member, member.process.stdout)
        if not member.leaves_orphans:
            for group in member.groups:
                _signal(group, signal.SIGKILL)
        member.deaths = 1 if now - member.started > _SETTLED else member.deaths + 1
        member.due = now + min(_FIRST_PAUSE * 2 ** (member.deaths - 1), _LONGEST_PAUSE)
        self._say(member.name, f"died ({_cause(member.process.returncode)}), starting it again")
        if member.deaths % _HABIT == 0:
            self._say(member.name, f"died {member.deaths} times in a row; its last words:")
            for line in member.last_lines:
                self._say(member.name, f"  {line}")

    def _pass_on(self, member: Member, pipe: Any) -> None:
        """What is there to read; a pipe at its end is put away."""
        if pipe.closed:
            return
        text = pipe.read()
        if text is None:
            return
        *lines, member.half_line = (member.half_line + text).split(b"\n")
        if not text:
            self._pipes.unregister(pipe)
            pipe.close()
        for line in lines:
            readable = line.decode(errors="replace").rstrip()
            member.last_lines.append(readable)
            if readable and not any(phrase in readable for phrase in member.small_talk):
                self._say(member.name, readable)

    def _end(self, members: Iterable[Member]) -> None:
        alive = [member for member in members if member.is_alive]
        for member in alive:
            assert member.process
            member.process.terminate()
        asked = time.monotonic()
        while alive:
            for member in [each for each in alive if time.monotonic() - asked > each.patience]:
                self._say(member.name, "does not stop, killed")
                _signal(member.groups[-1], signal.SIGKILL)
            self.tend(0.02)
            alive = [member for member in alive if member.is_alive]


def _print(name: str, line: str) -> None:
    print(f"{name:<6}| {line}", flush=True)


def _signal(group: int, number: int) -> bool:
    """Whether anybody is left in the group to hear it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _cause(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"
