"""What bin/run can be told. Any Python can say it: `--help` waits for no installation."""

from __future__ import annotations

import argparse


def read() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/run", description="Run the whole chat on this machine."
    )
    parser.add_argument("--port", type=int, default=8000, help="%(default)s unless given")
    parser.add_argument(
        "--host", default="127.0.0.1", help="%(default)s; 0.0.0.0 to be reached from elsewhere"
    )
    parser.add_argument(
        "--workers", type=int, default=2, help="web workers, %(default)s unless given"
    )
    parser.add_argument("--no-demo", action="store_true", help="do not make the demo workspace")
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    wanted = parser.parse_args()
    if wanted.workers < 1 or not 0 < wanted.port < 65536:
        parser.error("--workers must be at least 1 and --port a port.")
    return wanted


if __name__ == "__main__":
    read()
