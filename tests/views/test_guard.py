"""What an attacker tries at the HTTP door, and what a page may load."""

from __future__ import annotations

import logging
import re
import statistics
import time

import pytest

from chatapp.store import limits, sessions
from chatapp.views import API


@pytest.mark.parametrize(
    "path", ["/sign-in", "/healthz", "/api/v1/me", "/nowhere", "/static/css/base.css"]
)
def test_every_answer_says_what_may_be_loaded(visitor, app, path):
    headers = visitor.get(path).headers

    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert "connect-src 'self';" in headers["Content-Security-Policy"]  # not to any WebSocket
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"]
    assert headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers


def test_what_is_personal_is_not_kept_by_caches(at_browser, ada):
    assert at_browser(ada).get("/settings").headers["Cache-Control"] == "no-store"


class TestBehindTls:
    @pytest.fixture
    def settings(self):
        return {"SECURE_COOKIES": True}

    def test_cookies_are_secure_and_browsers_told_to_stay(self, visitor, ada):
        https = {"base_url": "https://localhost"}
        page = visitor.get("/sign-in", **https)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]

        answer = visitor._browser.post(
            "/sign-in",
            data={
                "csrf_token": token,
                "workspace": "acme",
                "email": "ada@acme.test",
                "password": visitor._password,
            },
            headers={"Referer": "https://localhost/sign-in"},
            **https,
        )

        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-session=")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_the_cookie_is_for_the_server_alone(visitor, ada):
    visitor.get("/sign-in")
    cookie = visitor.sign_in(ada).headers["Set-Cookie"]

    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


def test_signing_in_starts_a_session_that_nobody_knew_before(visitor, ada):
    visitor.get("/sign-in")
    before = visitor.cookie()
    visitor.sign_in(ada)
    first = visitor.call("GET", "/me").json["data"]["session_id"]
    visitor.sign_in(ada)

    assert visitor.cookie() != before
    assert visitor.call("GET", "/me").json["data"]["session_id"] != first


def test_a_browser_that_signs_in_again_leaves_no_session_behind(visitor, ada, bob):
    visitor.sign_in(ada)
    first = visitor.call("GET", "/me").json["data"]["session_id"]
    visitor.sign_in(ada)
    listed = visitor.call("GET", "/sessions").json["data"]["items"]
    assert [one["current"] for one in listed if one["kind"] == "browser"] == [True]

    second = visitor.call("GET", "/me").json["data"]["session_id"]
    visitor.sign_in(bob)  # whoever it is: the cookie of before is gone, so is what it was good for
    assert [sessions.identify(one).ended for one in (first, second)] == [True, True]


@pytest.mark.parametrize(
    "route", [route for route in API if not route.startswith("GET")], ids=lambda route: route
)
def test_no_other_site_can_use_somebodys_cookie(at_browser, ada, route):
    method, _, path = route.partition(" ")
    browser = at_browser(ada)

    answer = browser.call(method, re.sub(r"<\w+>", "x", path), {})

    assert (answer.status_code, answer.json["error"]["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_who_is_not_signed_in_is_told_that_and_not_of_forms(visitor, method):
    visitor.get("/sign-in")  # from here on with a cookie, but nobody's

    answer = visitor.call(method, "/me", {})

    assert (answer.status_code, answer.json["error"]["code"]) == (401, "not_signed_in")


def test_the_page_may_with_its_token(at_browser, ada):
    browser = at_browser(ada)
    sent = {"X-CSRF-Token": browser.token}

    answer = browser.call("PATCH", "/me", {"name": "Ada L."}, **sent)

    assert answer.json["data"]["name"] == "Ada L."


def test_no_form_is_taken_without_its_token(at_browser, ada, app):
    browser = at_browser(ada)
    forms = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not rule.rule.startswith("/api/")
    ]
    browser.token = "forged"

    assert len(forms) > 10
    for path in forms:
        assert browser.post(re.sub(r"<\w+>", "x", path)).status_code == 403, path
    assert browser.call("GET", "/me").status_code == 200


def test_a_bearer_header_does_not_fall_back_to_the_cookie(at_browser, ada):
    browser = at_browser(ada)

    assert browser.call("GET", "/me", Authorization="Bearer nonsense").status_code == 401
    assert browser.call("DELETE", "/sessions", Authorization="Bearer nonsense").status_code == 401


class TestHosts:
    @pytest.fixture
    def settings(self):
        return {"ALLOWED_HOSTS": ("chat.acme.test",)}

    def test_only_our_names_are_answered(self, app):
        browser = app.test_client()

        assert browser.get("/sign-in", base_url="http://chat.acme.test").status_code == 200
        assert browser.get("/sign-in", base_url="http://chat.acme.test:8000").status_code == 200
        assert browser.get("/sign-in", base_url="http://evil.test").status_code == 421
        assert browser.get("/healthz", base_url="http://10.0.0.7:8000").status_code == 200

    def test_the_socket_has_the_same_gate(self, app):
        answer = app.test_client().get("/socket.io/?EIO=4", base_url="http://evil.test")

        assert answer.status_code == 421

    @pytest.mark.parametrize("asked", ["EIO=4&transport=polling", "EIO=3&transport=websocket"])
    def test_what_is_no_websocket_of_ours_is_refused_without_a_line(self, app, caplog, asked):
        answer = app.test_client().get(f"/socket.io/?{asked}", base_url="http://chat.acme.test")

        assert answer.status_code == 400
        assert [r.message for r in caplog.records if r.levelno >= logging.WARNING] == []

    @pytest.mark.parametrize(
        "origin", ["http://evil.test", "null", "http://[", "http://chat.acme.test.evil.test", "x"]
    )
    def test_no_other_site_opens_a_socket(self, app, origin):
        answer = app.test_client().get(
            "/socket.io/?EIO=4&transport=websocket",
            base_url="http://chat.acme.test",
            headers={"Origin": origin, "X-Forwarded-Host": "evil.test", "Upgrade": "websocket"},
        )

        assert (answer.status_code, answer.text) == (400, '"Not an accepted origin."')

    def test_a_proxy_nobody_configured_is_not_believed(self, app):
        claims = {"X-Forwarded-Host": "chat.acme.test", "X-Forwarded-For": "1.2.3.4"}

        answer = app.test_client().get("/sign-in", base_url="http://evil.test", headers=claims)

        assert answer.status_code == 421


class TestProxies:
    @pytest.fixture
    def settings(self):
        return {"TRUSTED_PROXIES": 1, "LIMIT_SIGN_IN": 2}

    def test_the_nearest_hop_says_who_asks_and_the_rest_is_hearsay(self, visitor, ada):
        """Else an attacker would be somebody else with every guess."""
        visitor.get("/sign-in")

        def guess(n: int) -> int:
            return visitor._browser.post(
                "/sign-in",
                data={"csrf_token": visitor.token, "workspace": "acme", "email": f"{n}@x.test"}
                | {"password": "wrong"},
                headers={"X-Forwarded-For": f"10.0.0.{n}, 203.0.113.9"},
            ).status_code

        assert [guess(n) for n in range(4)] == [401, 401, 429, 429]


class TestForms:
    @pytest.fixture
    def settings(self):
        return {"LIMIT_FORMS": 3, "OPEN_SIGN_UP": True}

    def test_a_person_sends_so_many_and_no_more(self, at_browser, ada, bob):
        ada_s, another, bob_s = at_browser(ada), at_browser(ada), at_browser(bob)
        sent = [ada_s.post("/settings/name", name=f"Ada {n}") for n in range(2)]
        sent += [another.post("/admin/invitations") for _ in range(2)]

        assert [answer.status_code for answer in sent] == [303, 303, 303, 429]
        assert int(sent[-1].headers["Retry-After"]) > 0
        assert bob_s.post("/settings/name", name="Robert").status_code == 303
        assert ada_s.call("GET", "/me").status_code == 200

    def test_so_does_an_address_that_is_nobodys(self, visitor):
        visitor.get("/sign-up")
        answers = [visitor.post(path).status_code for path in ("/sign-up", "/sign-in") * 2]

        assert answers == [422, 422, 422, 429]


class TestReading:
    @pytest.fixture
    def settings(self):
        return {"LIMIT_PAGES": 12}

    def test_a_person_reads_so_many_pages_and_no_more(self, at_browser, ada, bob):
        ada_s, another, bob_s = at_browser(ada), at_browser(ada), at_browser(bob)
        left = limits.allowance("pages", ada).remaining  # after those that signing in showed
        read = [browser.get("/settings") for browser in (ada_s, another) * 6][: left + 1]

        assert [answer.status_code for answer in read] == [200] * left + [429]
        assert int(read[-1].headers["Retry-After"]) > 0
        assert bob_s.get("/").status_code == 200
        assert ada_s.call("GET", "/me").status_code == 200  # the API counts its own

    def test_so_does_an_address_that_is_nobodys(self, visitor):
        public = ["/sign-in", "/api/v1/openapi.json", "/invitations/wrong", "/"] * 3
        read = [visitor.get(path).status_code for path in public]

        assert read == [200, 200, 404, 302] * 3
        assert visitor.get("/sign-in").status_code == 429
        assert visitor.get("/healthz").status_code == 200
        assert visitor.get("/static/css/base.css").status_code == 200

    def test_who_asks_the_api_as_nobody_is_counted_with_them(self, visitor):
        visitor.get("/sign-in")
        asked = [visitor.call("GET", "/me", Authorization="Bearer x") for _ in range(12)]

        assert [answer.status_code for answer in asked] == [401] * 11 + [429]
        assert asked[-1].json["error"]["code"] == "too_fast"


class TestGuessing:
    def test_a_person_is_guessed_at_a_few_times_only(self, visitor, ada, app):
        visitor.get("/sign-in")
        answers = [visitor.sign_in(ada, "wrong") for _ in range(6)]

        assert [answer.status_code for answer in answers] == [401] * 5 + [429]
        assert int(answers[-1].headers["Retry-After"]) > 0
        assert visitor.sign_in(ada).status_code == 429  # not even with the right one

    def test_another_address_of_the_same_network_buys_no_guesses(self, visitor, ada):
        visitor.get("/sign-in")

        def guess(n: int, network: str) -> int:
            return visitor._browser.post(
                "/sign-in",
                data={"csrf_token": visitor.token, "workspace": "acme", "email": f"{n}@x.test"}
                | {"password": "wrong"},
                environ_overrides={"REMOTE_ADDR": f"{network}::{n}"},
            ).status_code

        assert [guess(n, "2001:db8:1:2") for n in range(1, 7)] == [401] * 5 + [429]
        assert guess(7, "2001:db8:1:3") == 401

    def test_the_page_says_how_long_to_wait(self, visitor, ada):
        visitor.get("/sign-in")
        pages = [visitor.sign_in(ada, "wrong") for _ in range(6)]

        assert re.search(r"Wait a while before the next one: \d\d seconds\.", pages[-1].text)

    def test_success_forgives(self, visitor, ada):
        for _ in range(3):
            for _ in range(4):
                visitor.sign_in(ada, "wrong")
            assert visitor.sign_in(ada).status_code == 303

    def test_an_account_of_ones_own_buys_no_guesses_at_others(self, visitor, ada, mallory):
        visitor.get("/sign-in")

        def guess(n: int) -> int:
            wrong = {"workspace": "acme", "email": f"{n}@acme.test", "password": "wrong"}
            return visitor.post("/sign-in", **wrong).status_code

        before = [guess(n) for n in range(4)]
        assert visitor.sign_in(mallory).status_code == 303
        visitor.get("/sign-in")

        assert before + [guess(4), guess(5)] == [401] * 5 + [429]

    def test_nobodys_address_is_locked_out_by_guessing_at_its_name(self, visitor, ada):
        def post(address: str, **fields: str) -> int:
            visitor.get("/sign-in")
            return visitor._browser.post(
                "/sign-in",
                data={"csrf_token": visitor.token, **fields},
                environ_overrides={"REMOTE_ADDR": address},
            ).status_code

        for n in range(6):
            post(f"10.0.0.{n}", workspace="2001", email="db8::1", password="wrong")

        right = {"workspace": "acme", "email": "ada@acme.test", "password": visitor._password}
        assert post("2001:db8::1", **right) == 303

    def test_the_password_cannot_be_guessed_in_the_settings_either(self, at_browser, ada):
        browser = at_browser(ada)
        answers = [
            browser.post("/settings/password", current="wrong", new="a long enough one")
            for _ in range(6)
        ]

        assert [answer.status_code for answer in answers] == [422] * 5 + [429]


class TestTiming:
    @pytest.fixture
    def settings(self):
        return {"LIMIT_SIGN_IN": 10_000, "LIMIT_FORMS": 10_000}

    def test_an_unknown_address_looks_and_lasts_like_a_wrong_password(self, visitor, ada):
        visitor.get("/sign-in")

        def attempt(workspace: str, email: str) -> tuple[float, str]:
            began = time.process_time()  # of us alone: others work on this machine, too
            answer = visitor.post("/sign-in", workspace=workspace, email=email, password="wrong")
            took = time.process_time() - began
            return took, re.sub(r'value="[^"]*"', "", answer.text)

        pages, unknown, nowhere = set(), [], []
        for _ in range(40):  # compared in turn, so that a slow moment is one for all
            took, page = attempt("acme", "ada@acme.test")
            took_unknown, page_unknown = attempt("acme", "ida@acme.test")
            took_nowhere, page_nowhere = attempt("nix", "ada@acme.test")
            pages |= {page, page_unknown, page_nowhere}
            unknown.append(took - took_unknown)
            nowhere.append(took - took_nowhere)

        assert len(pages) == 1
        assert abs(statistics.median(unknown)) < 0.005
        assert abs(statistics.median(nowhere)) < 0.005
