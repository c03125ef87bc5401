"""Where a worker stands in the logs."""

from __future__ import annotations

import threading

from chatapp.store import tail


def test_a_worker_begins_once_whoever_asks_first(app):
    """The tailer, the heads and the notices all ask at its start, and each waits for Redis."""
    app.extensions["tail"] = None
    together, found = threading.Barrier(8, timeout=10), []

    def ask():
        with app.app_context():
            together.wait()
            found.append(tail.here())

    askers = [threading.Thread(target=ask) for _ in range(8)]
    for each in askers:
        each.start()
    for each in askers:
        each.join()

    assert len(found) == 8
    assert {id(each) for each in found} == {id(app.extensions["tail"])}
