"""What a load balancer, a supervisor and Prometheus ask."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chatapp.actions import delivery
from chatapp.store import record


@pytest.fixture
def settings():
    return {"FOLLOW_LOGS": False}


@pytest.fixture
def browser(app):
    return app.test_client()


def test_a_process_that_answers_is_alive(browser):
    answer = browser.get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"alive": True})


def test_ready_says_what_was_looked_at(app, browser):
    delivery.deliver(wait=1)

    answer = browser.get("/readyz")

    assert answer.status_code == 200
    assert answer.json["ready"] is True
    assert set(answer.json) == {"ready", "redis", "database", "tailer", "control", "record"}


def test_not_ready_says_when_to_ask_again(browser):
    answer = browser.get("/readyz")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json["ready"] is False
    assert answer.json["tailer"] == {"ok": False, "lag": None}


def test_the_numbers_are_what_prometheus_reads(browser):
    browser.get("/healthz")

    answer = browser.get("/metrics")

    assert answer.content_type.startswith("text/plain; version=")
    assert 'chat_http_requests_total{route="/healthz",status="200"}' in answer.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_being_watched_is_not_worth_a_line_in_the_log(browser, capsys, path):
    browser.get(path)

    assert capsys.readouterr().err == ""


def test_the_dead_letters_are_counted_wherever_they_were_buried(app, browser):
    record.bury("0:1-0", "raw", "error", None, datetime.now(UTC))

    assert b"chat_dead_letters 1.0" in browser.get("/metrics").data
