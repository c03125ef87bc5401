"""Where a worker stands in the logs."""

from __future__ import annotations

import threading

from chatapp.store import keys, shard_log, tail
from chatapp.store.connection import redis


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


def test_the_log_is_followed_past_entries_of_any_shape(app):
    """A newer version may write more fields; what is no entry of ours at all must not stop us."""
    shapes = [
        {"t": "acme", "e": "{1}"},
        {"e": "{2}", "t": "acme"},
        {"t": "acme", "e": "{3}", "x": "new"},
        {"not": "ours"},
    ]
    ids = [redis.xadd(keys.shard_log(0), shape) for shape in shapes]

    news = shard_log.follow({0: "0-0"}, wait=1)

    told = [("acme", "{1}"), ("acme", "{2}"), ("acme", "{3}"), ("", "")]
    assert [(each.tenant_id, each.json) for each in news] == told
    assert [each.id for each in news] == ids
