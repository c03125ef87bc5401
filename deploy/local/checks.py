"""What can be known before anything is started; each refusal is one sentence."""

from __future__ import annotations

import errno
import re
import socket
import sqlite3
from pathlib import Path

from deploy.local.settings import Refused

_REVISION = re.compile(r'^(down_)?revision\b.*= "(\w+)"', re.MULTILINE)


def address_is_free(host: str, port: int) -> None:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise Refused(f"There is no address {host!r} to listen on: see --host.") from None
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Refused(f"Port {port} is in use: choose another with --port.") from None
            raise Refused(f"Cannot listen on {host}:{port}: {error.strerror}.") from None


def is_current(database: Path, migrations: Path) -> bool:
    """Whether a SQLite file is at the newest revision, without the second that Alembic takes to say
    so. When in doubt it is not.
    """
    named = [_REVISION.findall(file.read_text()) for file in migrations.glob("*.py")]
    revisions = {name for found in named for down, name in found if not down}
    followed = {name for found in named for down, name in found if down}
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error:
        return False
    return {row[0] for row in rows} == revisions - followed
