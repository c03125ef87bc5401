"""What the HTTP door still does while Redis or the database is away."""

from __future__ import annotations

import pytest

from chatapp.store.database import connect


class TestWithoutRedis:
    @pytest.fixture
    def settings(self):
        return {"REDIS_URL": "redis://127.0.0.1:1/0", "LIMIT_EVENTS": 5}

    def test_what_the_record_knows_is_answered(self, api, ada, bob):
        people = api(ada)("GET", "/people").json["data"]["items"]

        assert [(p["id"], p["presence"]) for p in people] == [
            ("ada", "offline"),
            ("bob", "offline"),
        ]

    def test_what_cannot_be_kept_is_refused_for_now(self, api, ada):
        answer = api(ada)("POST", "/rooms", {"kind": "public", "name": "Now"})

        assert (answer.status_code, answer.json["error"]["code"]) == (503, "busy")
        assert answer.json["error"]["retryable"]

    def test_limits_hold_all_the_same(self, api, ada, visitor):
        bot = api(ada)
        assert [bot("GET", "/me").status_code for _ in range(6)] == [200] * 5 + [429]

        guesses = [visitor.sign_in(ada, "wrong").status_code for _ in range(6)]
        assert guesses == [401] * 5 + [429]

    def test_signing_in_and_changing_pages_work(self, visitor, ada):
        assert visitor.sign_in(ada).status_code == 303
        assert visitor.get("/settings").status_code == 200


def test_without_the_database_everything_says_so(app, api, visitor, ada):
    bot = api(ada)
    whole = app.extensions["database"]
    app.extensions["database"] = connect("sqlite:////nowhere/chat.db")

    answer, page = bot("GET", "/me"), visitor.get("/sign-in")
    refused = visitor.sign_in(ada)

    app.extensions["database"] = whole
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "busy")
    assert int(answer.headers["Retry-After"]) > 0
    assert page.status_code == 200
    assert (refused.status_code, "Try again in a moment" in refused.text) == (503, True)


class TestSignUpLimit:
    @pytest.fixture
    def settings(self):
        return {"LIMIT_SIGN_UP": 2}

    def test_one_address_tries_links_a_few_times_only(self, visitor, ada):
        visitor.get("/sign-in")
        fields = {"name": "Eve", "email": "eve@x.test", "password": "a long enough one"}

        answers = [visitor.post(f"/invitations/guess-{n}", **fields) for n in range(3)]

        assert [answer.status_code for answer in answers] == [404, 404, 429]
