"""The server-rendered pages, as people see them."""

from __future__ import annotations

import re

import pytest

from chatapp.actions import invitations
from chatapp.errors import TooFast
from chatapp.views import errors


@pytest.mark.parametrize(
    "path", ["/", "/rooms/lobby", "/settings", "/admin/people", "/admin/rooms", "/admin/assistant"]
)
def test_who_is_signed_out_is_sent_to_sign_in_and_back(visitor, lobby, ada, path):
    answer = visitor.get(path)
    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in?next=")

    visitor.get(answer.location)
    target = re.search(r"next=([^&]+)", answer.location)[1].replace("%2F", "/")
    back = visitor.post(
        "/sign-in", workspace="acme", email="ada@acme.test", password=visitor._password, next=target
    )

    assert back.location == path
    assert visitor.get(path).status_code == 200


@pytest.mark.parametrize(
    "target",
    ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", "/\r\nX: y"],
)
def test_signing_in_never_leads_away(visitor, ada, target):
    visitor.get("/sign-in")

    answer = visitor.post(
        "/sign-in", workspace="acme", email="ada@acme.test", password=visitor._password, next=target
    )

    assert answer.location == "/"


def test_the_workspace_can_be_filled_in_by_the_link(visitor, ada):
    assert 'value="acme"' in visitor.get("/sign-in?workspace=acme").text


def test_a_form_that_is_wrong_comes_back_filled_in_but_for_the_password(visitor, ada):
    visitor.get("/sign-in")

    answer = visitor.post("/sign-in", workspace="acme", email="ada@acme.test", password="wrong one")

    assert answer.status_code == 401
    assert 'value="ada@acme.test"' in answer.text
    assert "wrong one" not in answer.text
    assert 'role="alert"' in answer.text


def test_an_invitation_makes_an_account_once(visitor, at_browser, ada):
    admin = at_browser(ada)
    admin.get("/admin/people")
    page = admin.post("/admin/invitations", role="member")
    link = re.search(r"/invitations/[\w-]+", admin.get(page.location).text)[0]

    assert "Join Acme" in visitor.get(link).text
    joined = visitor.post(link, name="Carol", email="carol@acme.test", password="a long enough one")

    assert joined.status_code == 303
    assert visitor.call("GET", "/me").json["data"]["name"] == "Carol"
    assert visitor.get(link).status_code == 404
    assert visitor.get("/admin/people").status_code == 403


def test_an_invitation_by_email_is_for_that_address(visitor, ada):
    _, token = invitations.create(ada, email="Carol@Acme.test")
    visitor.get(f"/invitations/{token}")

    answer = visitor.post(
        f"/invitations/{token}", name="Eve", email="eve@acme.test", password="a long enough one"
    )

    assert answer.status_code == 422
    assert "This invitation is for carol@acme.test." in answer.text


def test_an_account_needs_a_long_password_and_a_name_of_its_own(visitor, ada):
    _, token = invitations.create(ada)
    visitor.get(f"/invitations/{token}")
    fields = {"email": "carol@acme.test", "name": "Carol", "password": "a long enough one"}

    short = visitor.post(f"/invitations/{token}", **fields | {"password": "short"})
    lookalike = visitor.post(f"/invitations/{token}", **fields | {"name": "аda"})  # Cyrillic

    blank = visitor.post(f"/invitations/{token}", **fields | {"name": "   "})

    assert "Use at least 10 characters" in short.text
    assert "Use between 1 and 80 visible characters." in blank.text
    assert all("Check the marked fields." in answer.text for answer in (short, blank))
    assert (lookalike.status_code, "looks like it" in lookalike.text) == (409, True)
    assert visitor.post(f"/invitations/{token}", **fields).status_code == 303


class TestSignUp:
    @pytest.fixture
    def settings(self):
        return {"OPEN_SIGN_UP": True}

    def test_anybody_may_make_a_workspace_when_the_setting_allows(self, visitor):
        visitor.get("/sign-up")

        answer = visitor.post(
            "/sign-up",
            workspace_name="Newcomers",
            slug="newcomers",
            name="Nora",
            email="nora@new.test",
            password="a long enough one",
        )

        me = visitor.call("GET", "/me").json["data"]
        assert answer.status_code == 303
        assert (me["role"], me["workspace"]["slug"]) == ("owner", "newcomers")

    def test_what_is_refused_leaves_no_workspace_behind(self, visitor):
        visitor.get("/sign-up")
        fields = {
            "workspace_name": "Newcomers",
            "slug": "newcomers",
            "email": "nora@new.test",
            "password": "a long enough one",
        }

        nameless = visitor.post("/sign-up", name="\u200b", **fields)

        assert nameless.status_code == 422
        assert visitor.post("/sign-up", name="Nora", **fields).status_code == 303

    def test_a_name_already_taken_is_said_at_its_field(self, visitor, ada):
        visitor.get("/sign-up")

        answer = visitor.post(
            "/sign-up",
            workspace_name="Acme",
            slug="acme",
            name="Nora",
            email="nora@new.test",
            password="a long enough one",
        )

        assert answer.status_code == 409
        assert 'id="slug-error"' in answer.text


def test_signing_up_is_closed_otherwise(visitor):
    assert visitor.get("/sign-up").status_code == 404


def test_settings_change_the_name_and_say_so(at_browser, ada):
    browser = at_browser(ada)

    answer = browser.post("/settings/name", name="Ada L.")

    assert "You have a new name." in browser.get(answer.location).text
    assert browser.call("GET", "/me").json["data"]["name"] == "Ada L."


def test_a_new_password_ends_the_other_sessions(at_browser, ada, password):
    here, there = at_browser(ada), at_browser(ada)

    wrong = here.post("/settings/password", current="not it at all", new="another long one")
    right = here.post("/settings/password", current=password, new="another long one")

    assert (wrong.status_code, right.status_code) == (422, 303)
    assert here.call("GET", "/me").status_code == 200
    assert there.call("GET", "/me").status_code == 401


def test_sessions_are_listed_and_ended(at_browser, ada):
    here, there = at_browser(ada), at_browser(ada)
    page = here.get("/settings").text
    [other, *_] = [
        found
        for found in re.findall(r"/settings/sessions/([\w-]{20,})/revoke", page)
        if found in _session_ids(there)
    ]

    assert here.post(f"/settings/sessions/{other}/revoke").status_code == 303
    assert there.call("GET", "/me").status_code == 401


def test_administrators_change_roles_and_close_accounts(at_browser, ada, bob):
    admin, person = at_browser(ada), at_browser(bob)

    admin.post("/admin/people/bob", role="admin")
    assert person.get("/admin/people").status_code == 200

    admin.post("/admin/people/bob", disabled="true")
    assert person.call("GET", "/me").status_code == 401
    assert "Closed" in admin.get("/admin/people").text


def test_administrators_see_to_rooms(at_browser, lobby, ada, bob, person):
    person("carol")
    admin = at_browser(ada)
    assert "lobby" in admin.get("/admin/rooms").text

    admin.post("/admin/rooms/lobby", name="Foyer", topic="Come in")
    admin.post("/admin/rooms/lobby/members", email="carol@acme.test")
    admin.post("/admin/rooms/lobby/members/bob/remove")

    page = admin.get("/admin/rooms/lobby").text
    assert ("Foyer" in page, "Come in" in page, "Carol" in page) == (True, True, True)
    assert "/members/bob/remove" not in page

    admin.post("/admin/rooms/lobby/archive")
    assert "archived" in admin.get("/admin/rooms/lobby").text


def test_nothing_typed_becomes_markup(at_browser, ada):
    browser = at_browser(ada)
    browser.post("/settings/name", name="<img src=x onerror=alert(1)>")

    for path in ("/settings", "/admin/people"):
        assert "<img src=x" not in browser.get(path).text


def test_no_page_has_inline_styles_or_scripts(at_browser, lobby, ada):
    browser = at_browser(ada)
    for path in (
        "/",
        "/settings",
        "/admin/people",
        "/admin/rooms",
        "/admin/rooms/lobby",
        "/admin/assistant",
        "/admin/usage",
        "/nowhere",
    ):
        page = browser.get(path).text
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=", page), path


def test_what_is_not_there_and_what_broke_look_like_the_rest(visitor, app, monkeypatch, ada):
    def explode(*_args: object) -> None:
        raise RuntimeError("disk on fire")

    missing = visitor.get("/nowhere")
    assert (missing.status_code, "pages.css" in missing.text) == (404, True)

    monkeypatch.setattr("chatapp.store.invitations.by_token", explode)
    broken = visitor.get("/invitations/x")
    assert (broken.status_code, "pages.css" in broken.text) == (500, True)
    assert "disk" not in broken.text


def _session_ids(browser) -> list[str]:
    return [
        one["id"]
        for one in browser.call("GET", "/sessions").json["data"]["items"]
        if one["current"]
    ]


def test_signing_out_ends_the_session_and_leads_to_sign_in(at_browser, ada):
    page = at_browser(ada)

    answer = page.post("/sign-out")

    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert page.call("GET", "/me").status_code == 401


def test_an_address_that_only_takes_forms_says_so_in_its_own_words(visitor):
    answer = visitor.get("/sign-out")

    assert answer.status_code == 405
    assert "<h1>Not this way</h1>" in answer.text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 second"),
        (1.2, "2 seconds"),
        (90, "90 seconds"),
        (91, "2 minutes"),
        (3600, "60 minutes"),
    ],
)
def test_a_wait_is_told_in_words_and_never_too_short(seconds, words):
    said = errors.words(TooFast("Wait.", retry_after=seconds))

    assert said == f"Wait: {words}."
