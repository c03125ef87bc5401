"""Finding again what was said, and taking it away."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Visit
from tests.browser.tab import Tab
from tests.browser.town import Account, Said, Town


@pytest.fixture(scope="package")
def plans(town: Town, ada: Account, bob: Account) -> str:
    """A room in which something was said that is looked for from another one."""
    room = town.room("rockets", ada, bob)
    town.say(room, bob, "The launch is on **Friday**.", *[f"Filler {n}." for n in range(40)])
    town.say(room, ada, "Cake for the launch!")
    return room


@pytest.fixture(scope="package")
def kitchen(town: Town, ada: Account, bob: Account) -> str:
    room = town.room("kitchen", ada, bob)
    town.say(room, bob, "Who brings the cake?")
    return room


def look_for(tab: Tab, words: str) -> None:
    tab.press("Control+Shift+F")
    expect(tab.page.get_by_label("Words to look for")).to_be_focused()
    tab.page.keyboard.type(words)


def found(tab: Tab) -> Locator:
    return tab.page.locator("search-panel .found")


def test_a_message_is_found_and_opened_by_the_keyboard_alone(
    visit: Visit, plans: str, kitchen: str, ada: Account
) -> None:
    tab = visit(kitchen, ada)
    expect(tab.message("Who brings")).to_be_visible()
    look_for(tab, "launch")
    expect(found(tab)).to_have_count(2)
    expect(found(tab).last).to_contain_text("Bob Kahn")
    expect(found(tab).last).to_contain_text("#rockets")
    expect(found(tab).last.locator("mark")).to_have_text(["launch"])

    tab.press("ArrowDown", "ArrowDown", "Enter")

    tab.is_in("rockets")
    expect(tab.message("The launch is on")).to_be_focused()
    expect(tab.message("The launch is on")).to_be_in_viewport()
    tab.press("Control+Shift+F", "Escape")
    expect(tab.page.locator("search-panel")).to_have_count(0)
    expect(tab.message("The launch is on")).to_be_focused()


def test_one_looks_here_or_everywhere(visit: Visit, plans: str, kitchen: str, ada: Account) -> None:
    tab = visit(kitchen, ada)
    tab.button("Search messages").click()
    tab.page.keyboard.type("cake")
    expect(found(tab)).to_have_count(2)

    tab.page.get_by_label("In this room").check()
    expect(found(tab)).to_have_count(1)
    expect(found(tab)).to_contain_text("Who brings the")
    tab.link("rockets").click()
    expect(found(tab)).to_contain_text("for the launch!")


def test_what_is_not_there_and_what_fails_says_so(visit: Visit, kitchen: str, ada: Account) -> None:
    tab = visit(kitchen, ada)
    tab.pardon("status of 503")
    look_for(tab, "unicorn")
    expect(tab.page.get_by_text("No message has “unicorn”.")).to_be_visible()
    tab.can_be_used_by_all()

    tab.page.route(re.compile("/search"), lambda route: route.fulfill(status=503, body="busy"))
    tab.page.keyboard.type("s")
    expect(tab.page.locator("search-panel [role=alert]")).to_contain_text("did not answer")
    tab.can_be_used_by_all()
    tab.page.unroute(re.compile("/search"))
    tab.button("Try again").click()
    expect(tab.page.get_by_text("No message has “unicorns”.")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 768, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_searching_is_for_all(
    visit: Visit, plans: str, kitchen: str, ada: Account, scheme: str, width: int
) -> None:
    looks: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    tab = visit(kitchen, ada, reduced_motion="reduce", **looks)
    look_for(tab, "cake")
    expect(found(tab)).to_have_count(2)
    tab.press("ArrowDown", "ArrowDown")
    tab.can_be_used_by_all()
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")

    tab.press("Enter")
    expect(tab.message("Cake for the launch!")).to_be_focused()
    expect(tab.button("Jump to latest")).to_have_count(0)  # one is there
    expect(tab.page.locator("search-panel")).to_have_count(1 if width >= 1024 else 0)


def test_a_history_is_saved_as_a_file(visit: Visit, kitchen: str, ada: Account) -> None:
    tab = visit(kitchen, ada)
    tab.button("Show members").click()
    tab.can_be_used_by_all()
    saved = {}
    for name in ("Markdown", "JSON"):
        with tab.page.expect_download() as download:
            tab.page.get_by_role("link", name=f"Save the history as {name}").click()
        path = download.value.path()
        saved[download.value.suggested_filename.split(".")[-1]] = path.read_text()

    assert "> Who brings the cake?" in saved["md"]
    assert json.loads(saved["jsonl"].splitlines()[0])["body"] == "Who brings the cake?"


@pytest.fixture(scope="package")
def deep(town: Town, ada: Account, bob: Account) -> str:
    """A room in which something was said long ago, and very much since."""
    began = datetime.now(UTC) - timedelta(days=30)
    said: list[Said] = [
        (began + timedelta(minutes=n), (ada, bob)[n // 3 % 2], f"Straw {n}.") for n in range(1500)
    ]
    said[200] = (said[200][0], bob, "A needle, far down.")
    return town.old_room("haystack", ada, bob, said=said)


def test_what_was_said_long_ago_is_opened_with_what_was_said_around_it(
    visit: Visit, deep: str, ada: Account
) -> None:
    """Without all that lies between; reading on, one comes back to it."""
    tab = visit(deep, ada)
    pages: list[str] = []
    expect(tab.message("Straw 1499.")).to_be_visible()
    tab.page.on(
        "request", lambda asked: pages.append(asked.url) if "anchor=" in asked.url else None
    )
    look_for(tab, "needle")
    found(tab).click()

    expect(tab.message("A needle, far down.")).to_be_focused()
    expect(tab.message("A needle, far down.")).to_be_in_viewport()
    expect(tab.message("Straw 199.")).to_be_attached()
    assert len(pages) <= 3
    tab.page.locator("message-list").hover()
    expect(tab.message("Straw 300.")).to_have_count(0)
    for _ in range(200):
        if tab.message("Straw 300.").count():
            break
        tab.page.mouse.wheel(0, 400)
        tab.evaluate("new Promise(requestAnimationFrame)")
    expect(tab.message("Straw 300.")).to_be_attached()
    tab.button("Jump to latest").click()
    expect(tab.message("Straw 1499.")).to_be_in_viewport()
    expect(tab.button("Jump to latest")).to_have_count(0)
    found(tab).click()
    expect(tab.message("A needle, far down.")).to_be_in_viewport()
    tab.say("And here I am again.")
    expect(tab.message("And here I am again.")).to_be_in_viewport()
    tab.sent()
