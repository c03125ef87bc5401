"""How the assistant of a workspace is set up: by the API, and on its page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from chatapp.store import assistants, attendants, tables
from chatapp.store.database import writing
from chatapp.types import Assistant, Embedder, Price


def set_up(bot, **wanted):
    return bot("PATCH", "/assistant", wanted)


def test_it_is_a_librarian_until_somebody_says_otherwise(api, ada):
    assert api(ada)("GET", "/assistant").json["data"] == {
        "provider": "librarian",
        "model": "",
        "system_prompt": "",
        "summarise": False,
        "input_price": None,
        "output_price": None,
        "is_priced": True,
        "reachable": None,
        "find_by_meaning": False,
        "embedding_price": None,
        "embedder": None,
        "embedded": None,
        "budgets": {"workspace": None, "person": None, "room": None, "people": {}, "rooms": {}},
        "left": None,
    }


def test_what_is_changed_is_kept_and_the_rest_stays(api, ada):
    bot = api(ada)
    attendants.say(["openai"])

    set_up(bot, provider="openai", model=" gpt-4o ", system_prompt="Be brief.", summarise=True)
    answer = set_up(bot, budgets={"workspace": "12.5", "person": "1"})

    told = answer.json["data"]
    assert (told["model"], told["system_prompt"], told["summarise"]) == (
        "gpt-4o",
        "Be brief.",
        True,
    )
    assert (told["is_priced"], told["reachable"]) == (True, ["openai"])
    assert (told["budgets"]["workspace"], told["budgets"]["person"]) == ("12.50", "1.00")
    assert set_up(bot, budgets={"person": None}).json["data"]["budgets"]["person"] is None


def test_it_says_what_is_left_of_the_workspaces_budget(app, api, at_browser, workspaces, ada):
    row = {"run_id": "r1", "workspace_id": "acme", "person_id": "ada", "room_id": "lobby"}
    row |= {"provider": "openai", "model": "gpt-4o", "input_tokens": 1, "output_tokens": 1}
    with writing() as connection:
        connection.execute(
            insert(tables.usage).values(row | {"cost": 400_000, "at": datetime.now(UTC)})
        )

    left = set_up(api(ada), budgets={"workspace": "1"}).json["data"]["left"]
    page = at_browser(ada)

    assert left == "0.60"
    assert "Of the workspace’s, $0.60 is left this month." in page.get("/admin/assistant").text
    assert set_up(api(ada), budgets={"workspace": "0.3"}).json["data"]["left"] == "0.00"
    assert "Of the workspace’s, nothing is left this month." in page.get("/admin/assistant").text


def test_people_and_rooms_may_have_budgets_of_their_own(api, lobby, ada, bob):
    bot = api(ada)

    told = set_up(bot, budgets={"people": {"bob": "3.00"}, "rooms": {"lobby": "0"}}).json["data"]
    assert (told["budgets"]["people"], told["budgets"]["rooms"]) == (
        {"bob": "3.00"},
        {"lobby": "0.00"},
    )

    told = set_up(bot, budgets={"people": {"bob": None}, "rooms": {"lobby": None}}).json["data"]
    assert (told["budgets"]["people"], told["budgets"]["rooms"]) == ({}, {})


def test_the_administrator_may_say_what_an_unknown_model_costs(api, ada):
    bot = api(ada)

    unknown = set_up(bot, provider="openai", model="our-own").json["data"]
    given = set_up(bot, input_price="0", output_price="0.5").json["data"]

    assert (unknown["is_priced"], given["is_priced"]) == (False, True)
    assert assistants.find("acme").price == Price(0, 500_000)
    assert set_up(bot, input_price=None, output_price=None).json["data"]["is_priced"] is False


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"provider": "openai"}, "model"),
        ({"provider": "skynet"}, "provider"),
        ({"provider": "openai", "model": "m", "input_price": "1"}, "output_price"),
        ({"input_price": 1.5}, "input_price"),
        ({"input_price": "-1"}, "input_price"),
        ({"budgets": {"workspace": "a lot"}}, "budgets"),
        ({"system_prompt": "x" * 8_001}, "system_prompt"),
        ({"nonsense": True}, "nonsense"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(api, ada, wanted, field):
    answer = set_up(api(ada), **wanted)

    assert (answer.status_code, list(answer.json["error"]["details"])) == (422, [field])
    assert assistants.find("acme") == Assistant()


def test_nobody_agrees_to_send_texts_they_know_not_where(api, ada):
    bot = api(ada)
    refused = set_up(bot, find_by_meaning=True)
    assert (refused.status_code, list(refused.json["error"]["details"])) == (
        422,
        ["find_by_meaning"],
    )

    attendants.say([], Embedder("meanings-1", "embed.test:8080"))
    told = set_up(bot, find_by_meaning=True).json["data"]

    assert told["find_by_meaning"] is True
    assert told["embedder"] == {
        "model": "meanings-1",
        "server": "embed.test:8080",
        "is_priced": False,
    }
    told = set_up(bot, embedding_price="0.02").json["data"]
    assert (told["embedding_price"], told["embedder"]["is_priced"]) == ("0.02", True)
    told = set_up(bot, system_prompt="Be kind.", embedding_price=None).json["data"]
    assert told["embedded"] == {"passages": 0, "embedded": 0, "refused": 0, "reason": None}
    attendants.say([])  # other settings can be changed all the same
    assert set_up(bot, system_prompt="Be brief.").json["data"]["find_by_meaning"] is True


def test_a_budget_for_nobody_changes_nothing_else_either(api, make_room, ada, mallory):
    make_room("board", mallory, kind="private", tenant_id="rival")
    for budgets in ({"people": {"mallory": "1"}}, {"rooms": {"board": "1"}}):
        answer = set_up(api(ada), system_prompt="Boo.", budgets={"workspace": "1", **budgets})
        assert answer.status_code == 404

    told = api(ada)("GET", "/assistant").json["data"]
    assert (told["system_prompt"], told["budgets"]["workspace"]) == ("", None)


def test_a_room_that_an_administrator_is_not_in_shows_nothing_of_itself(
    api, at_browser, make_room, person, ada, bob
):
    make_room("board", ada, kind="private")
    carol = person("carol", role="admin")
    set_up(api(ada), budgets={"rooms": {"board": "1.00"}})

    assert api(carol)("GET", "/assistant").json["data"]["budgets"]["rooms"] == {}
    assert set_up(api(carol), budgets={"rooms": {"board": None}}).status_code == 404
    page = at_browser(carol)
    assert "And 1 that you are not in." in page.get("/admin/assistant").text
    refused = page.post("/admin/assistant/rooms", name="board", room_monthly="5")
    assert "There is no room called board." in refused.text
    assert api(ada)("GET", "/assistant").json["data"]["budgets"]["rooms"] == {"board": "1.00"}


@pytest.mark.parametrize("path", ["/assistant", "/usage"])
def test_it_is_for_administrators(api, at_browser, ada, bob, path):
    assert api(bob)("GET", path).status_code == 403
    assert set_up(api(bob), system_prompt="Boo.").status_code == 403
    page = at_browser(bob)
    assert page.get(f"/admin{path}").status_code == 403
    assert page.post("/admin/assistant", provider="nonsense").status_code == 403
    assert page.get("/admin/usage.csv").status_code == 403


# --- the page ------------------------------------------------------------------------------------


@pytest.fixture
def page(at_browser, ada):
    return at_browser(ada)


def test_the_page_saves_what_is_filled_in(page):
    saved = page.post(
        "/admin/assistant",
        provider="openai",
        model="gpt-4o",
        system_prompt="Be <b>brief</b>.",
        summarise="true",
        input_price="2",
        output_price="10.5",
    )
    page.post("/admin/assistant/budgets", workspace="100", person="5")

    shown = page.get("/admin/assistant").text
    assert saved.status_code == 303
    assert assistants.find("acme") == Assistant(
        "openai", "gpt-4o", "Be <b>brief</b>.", True, Price(2_000_000, 10_500_000)
    )
    assert "Be &lt;b&gt;brief&lt;/b&gt;." in shown
    for value in ("100.00", "5.00", "10.50"):
        assert f'value="{value}"' in shown


def test_what_was_wrong_is_said_at_its_field_and_nothing_typed_or_kept_is_lost(page):
    page.post("/admin/assistant", provider="openai", model="gpt-4o", system_prompt="Be brief.")

    wrong = page.post("/admin/assistant/budgets", workspace="lots", person="5")

    assert wrong.status_code == 422
    assert 'id="workspace-error">Write an amount in dollars' in wrong.text
    assert 'value="lots"' in wrong.text
    assert 'value="5"' in wrong.text
    assert 'value="gpt-4o"' in wrong.text
    assert ">Be brief.</textarea>" in wrong.text


def test_the_box_to_summarise_stays_as_it_was_ticked(page):
    page.post("/admin/assistant", provider="librarian", summarise="true")
    assert assistants.find("acme").summarise

    wrong = page.post("/admin/assistant", provider="openai", summarise="false")
    assert 'value="true" checked' not in wrong.text
    page.post("/admin/assistant", provider="librarian", summarise="false")
    assert not assistants.find("acme").summarise


def test_people_and_rooms_get_their_own_budgets_on_the_page_and_lose_them(page, lobby, bob):
    page.post("/admin/assistant/people", email="bob@acme.test", person_monthly="7")
    page.post("/admin/assistant/rooms", name="Lobby", room_monthly="8.25")

    shown = page.get("/admin/assistant").text
    assert ("$7.00" in shown, "$8.25" in shown) == (True, True)

    page.post("/admin/assistant/people/bob/remove")
    page.post("/admin/assistant/rooms/lobby/remove")
    shown = page.get("/admin/assistant").text
    assert ("$7.00" in shown, "$8.25" in shown) == (False, False)


def test_the_page_says_who_can_be_reached(page):
    assert "No Celery worker has said" in page.get("/admin/assistant").text

    attendants.say([])
    assert "The workers can reach no provider" in page.get("/admin/assistant").text

    attendants.say(["gemini", "openai"])
    assert "The workers can reach: Google Gemini, OpenAI." in page.get("/admin/assistant").text

    page.post("/admin/assistant", provider="anthropic", model="our-own")
    shown = page.get("/admin/assistant").text
    assert "The workers cannot reach Anthropic: nobody gets an answer before they can." in shown
    assert "Nobody knows what our-own costs." in shown


def test_the_page_says_what_is_sent_where_before_anybody_agrees(page):
    assert "Nothing is sent: whoever runs this server" in page.get("/admin/assistant").text
    refused = page.post("/admin/assistant/meaning", find_by_meaning="true")
    assert (refused.status_code, "nobody can say where texts would be sent" in refused.text) == (
        422,
        True,
    )

    attendants.say([], Embedder("meanings-1", "<embed>.test"))
    shown = page.get("/admin/assistant").text
    assert "<strong>&lt;embed&gt;.test</strong>, model <strong>meanings-1</strong>" in shown
    assert "Every passage of every document is sent there" in shown
    assert "Nobody knows what this model costs." in shown
    page.post("/admin/assistant", provider="librarian")
    assert not assistants.find("acme").find_by_meaning
    page.post("/admin/assistant/meaning", find_by_meaning="true", embedding_price="0")
    assert assistants.find("acme").find_by_meaning
    assert assistants.find("acme").embedding_price == 0
    page.post("/admin/assistant", provider="librarian")
    assert assistants.find("acme").find_by_meaning, "another form has taken it back"
    assert "0 of 0 passages can be found by meaning." in page.get("/admin/assistant").text
    page.post("/admin/assistant/meaning", find_by_meaning="false")
    assert not assistants.find("acme").find_by_meaning
