"""Reading a document in a process of its own, that may die of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer

from chatapp.reading import Piece, Unreadable

_ROOT = Path(__file__).parents[2]


def passages(kind: str, content: bytes, *, within: int) -> Generator[Piece, None, None]:
    """As they are cut. Raises Unreadable, also after some of them: when it takes longer than
    `within` seconds, or kills its reader.
    """
    with TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        # It is told nothing: no secret is in the memory of what reads strangers' files.
        reader = subprocess.Popen(
            [sys.executable, "-m", "chatapp.reading", kind, str(within)],
            cwd=_ROOT,
            env={"PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    clock = Timer(within, reader.kill)
    clock.start()
    try:
        yield from _told(reader)
    finally:
        clock.cancel()
        reader.kill()
        reader.communicate()


def _told(reader: subprocess.Popen[str]) -> Iterator[Piece]:
    assert reader.stdout is not None
    for line in reader.stdout:
        said = json.loads(line)
        if "unreadable" in said:
            raise Unreadable(said["unreadable"])
        if "passages" in said:
            return
        yield Piece(**said)
    raise Unreadable("The file could not be read: it takes too long, or is damaged.")
