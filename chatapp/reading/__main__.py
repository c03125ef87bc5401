"""python -m chatapp.reading KIND < file: its passages, one JSON object a line; see bounded.py."""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict
from importlib import import_module

from chatapp.reading import Unreadable

MOST_MEMORY = 1_500_000_000  # bytes of address space; a parser of XML takes ten times its document
MOST_FILES = 64  # open at once
MOST_PASSAGES = 20_000
_SCANNED = " Of pages that were scanned it has only the picture."


def main(kind: str, seconds: int) -> None:
    confine(seconds)
    from chatapp.reading.cutting import cut  # noqa: PLC0415 - from here on within the bounds

    reader = import_module(f"chatapp.reading.{'plain' if kind == 'text' else kind}")
    count = 0
    try:
        for count, piece in enumerate(cut(reader.blocks(sys.stdin.buffer.read())), 1):
            if count > MOST_PASSAGES:
                raise Unreadable("The document is too long: cut it into several.")
            _say(asdict(piece))
        if not count:
            raise Unreadable("There is no text in it." + (_SCANNED if kind == "pdf" else ""))
    except Unreadable as reason:
        _say({"unreadable": str(reason)})
    except (MemoryError, RecursionError):
        _say({"unreadable": "Reading it takes more memory than there is."})
    else:
        _say({"passages": count})


def confine(seconds: int) -> None:
    """From here on this process reads and says what it read, whatever a document makes of its parser."""
    for what, most in (
        (resource.RLIMIT_AS, MOST_MEMORY),
        (resource.RLIMIT_FSIZE, 0),  # it writes to a pipe only
        (resource.RLIMIT_CORE, 0),  # a document is nobody's to find on the disk
        (resource.RLIMIT_NOFILE, MOST_FILES),
        # Counts all processes of the user, but binds this one alone: it starts none, nor a thread.
        # Root is not bound by it; no worker should be.
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(what, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


def _say(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
