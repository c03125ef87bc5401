"""A worker of the assistant that is told to stop."""

from __future__ import annotations

from threading import Thread

from chatapp.actions import answering
from chatapp.llm import farewell
from chatapp.store import attendants, keys
from chatapp.store.connection import redis
from workers.assistant import attend


def test_who_takes_leave_does_not_say_any_more_that_it_is_there(app, monkeypatch, eventually):
    """A question that somebody asked on its word would wait, and nobody might come."""
    monkeypatch.setattr(farewell._ours, "until", None)
    saying = Thread(target=attend, args=(app, 0.01), daemon=True)
    saying.start()
    eventually(lambda: attendants.reachable() == [])

    answering.leave(within=60)
    saying.join(5)
    redis.delete(keys.ASSISTANT_PROVIDERS)  # as it does by itself, after a while

    assert not saying.is_alive()
    assert attendants.reachable() is None
