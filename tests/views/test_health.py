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


def test_the_numbers_are_for_this_machine_alone(browser):
    for stranger in ("192.0.2.7", "10.0.0.7", "2001:db8::1"):
        assert (
            browser.get("/metrics", environ_overrides={"REMOTE_ADDR": stranger}).status_code == 404
        )
    forwarded = {
        "X-Forwarded-For": "192.0.2.7"
    }  # by a proxy on this machine that we do not know of
    assert browser.get("/metrics", headers=forwarded).status_code == 404
    assert browser.get("/metrics", environ_overrides={"REMOTE_ADDR": "::1"}).status_code == 200


class TestWithAToken:
    @pytest.fixture
    def settings(self):
        return {"METRICS_TOKEN": "for prometheus only"}

    def test_the_numbers_are_for_whoever_has_it(self, browser):
        afar = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.7"}}
        right, wrong = (
            {"Authorization": f"Bearer {token}"} for token in ("for prometheus only", "guess\xe9")
        )

        assert browser.get("/metrics", headers=right, **afar).status_code == 200
        assert browser.get("/metrics", headers=wrong, **afar).status_code == 404
        assert browser.get("/metrics").status_code == 404


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_being_watched_is_not_worth_a_line_in_the_log(browser, capsys, path):
    browser.get(path)

    assert capsys.readouterr().err == ""


def test_the_dead_letters_are_counted_wherever_they_were_buried(app, browser):
    record.bury("0:1-0", "raw", "error", None, datetime.now(UTC))

    assert b"chat_dead_letters 1.0" in browser.get("/metrics").data
