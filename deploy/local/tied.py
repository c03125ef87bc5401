"""Become a command that ends when its supervisor does: `tied.py PID COMMAND…`.

The kernel sends TERM when the process PID is gone, however it went. A program of its own, because to
do this between fork and exec is unsafe as soon as the supervisor has threads.
"""

from __future__ import annotations

import os
import sys

_PR_SET_PDEATHSIG, _TERM = 1, 15


def tied(command: list[str]) -> list[str]:
    """The command line for it, quick to start: no site, no environment."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def main() -> None:
    supervisor, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - elsewhere nothing is to be called

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _TERM)
        if os.getppid() != supervisor:  # it was faster
            sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
