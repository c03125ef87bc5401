"""Everybody can use it: axe finds nothing, the keyboard suffices, and a screen reader hears what is new."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from chatapp.types import Assistant
from tests.browser.conftest import Visit
from tests.browser.town import Account, Town

WIDE: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
NARROW: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True}


@pytest.fixture(scope="package")
def lively_room(town: Town, ada: Account, bob: Account) -> str:
    room = town.room("lively", ada, bob)
    town.say(room, bob, "**Look** at `this`:\n\n```\ncode()\n```", "> quoted\n\n- a\n- b")
    town.say(room, ada, "See https://example.org, @Bob Kahn", "A second of the same run.")
    town.say(room, bob, "@Ada Lovelace done.")
    return room


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_room_with_messages_and_members_is_for_all(
    visit: Visit, lively_room: str, ada: Account, scheme: str
) -> None:
    tab = visit(lively_room, ada, color_scheme=scheme, reduced_motion="reduce", **WIDE)
    expect(tab.said).to_have_count(5)
    tab.can_be_used_by_all()
    tab.button("Show members").click()
    expect(tab.page.locator("member-panel")).to_contain_text("Bob Kahn")
    tab.message("A second").hover()
    tab.box.fill("x" * 5001)
    tab.can_be_used_by_all()


def test_every_dialog_is_for_all(visit: Visit, lively_room: str, ada: Account) -> None:
    tab = visit(lively_room, ada, color_scheme="dark", reduced_motion="reduce")
    expect(tab.said).to_have_count(5)
    for button in (
        "Go to…",
        "Browse rooms",
        "New room",
        "New direct message",
        "Room settings",
    ):
        tab.button(button).first.click()
        expect(tab.dialog).to_be_visible()
        tab.can_be_used_by_all()
        tab.press("Escape")
        expect(tab.dialog).to_have_count(0)
    tab.message("A second").hover()
    tab.message("A second").get_by_role("button", name="Remove message").click()
    expect(tab.dialog).to_be_visible()
    tab.can_be_used_by_all()


def test_the_drawer_of_a_phone_is_for_all(visit: Visit, lively_room: str, ada: Account) -> None:
    tab = visit(lively_room, ada, reduced_motion="reduce", **NARROW)
    expect(tab.said).to_have_count(5)
    tab.can_be_used_by_all()
    tab.button("Open the list of rooms").click()
    expect(tab.link("lively")).to_be_in_viewport()
    tab.can_be_used_by_all()
    tab.press("Escape")
    expect(tab.link("lively")).not_to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_the_server_are_for_all(
    visit: Visit, lively_room: str, ada: Account, scheme: str
) -> None:
    stranger = visit("/sign-in", color_scheme=scheme)
    stranger.pardon("status of 4")
    stranger.can_be_used_by_all()
    stranger.page.goto("/invitations/none")
    stranger.can_be_used_by_all()
    tab = visit("/settings", ada, color_scheme=scheme)
    for place in ("/settings", "/admin/people", "/admin/rooms", f"/admin/rooms/{lively_room}"):
        tab.page.goto(place)
        tab.can_be_used_by_all()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_the_assistant_are_for_all(
    visit: Visit, town: Town, lively_room: str, ada: Account, bob: Account, scheme: str
) -> None:
    town.used(ada, lively_room, cost=20_000)
    town.used(bob, lively_room, cost=None)
    town.chooses(Assistant(find_by_meaning=True))
    tab = visit("/admin/assistant", ada, color_scheme=scheme)
    tab.can_be_used_by_all()
    meaning = tab.page.get_by_role("region", name="Finding by meaning")
    meaning.get_by_role("checkbox").uncheck()
    meaning.get_by_role("button").click()
    expect(tab.page.get_by_role("status")).to_contain_text("Nothing more is sent")
    expect(meaning.get_by_role("checkbox")).to_have_count(0)
    tab.page.get_by_label("Each person").fill("1.50")
    tab.page.get_by_role("region", name="Budgets", exact=True).get_by_role("button").click()
    expect(tab.page.get_by_role("status")).to_have_text("The budgets are changed.")
    expect(tab.page.get_by_label("Each person")).to_have_value("1.50")
    tab.page.goto("/admin/usage")
    expect(tab.page.get_by_role("img", name="Cost by day")).to_be_visible()
    tab.page.get_by_text("Every day").click()
    expect(tab.page.get_by_role("region", name="Sums by day")).to_be_visible()
    tab.can_be_used_by_all()


def test_the_keys_lead_from_room_to_room(visit: Visit, town: Town, bob: Account) -> None:
    kay = town.person("Kay Ibrahim")  # who has nothing unread from other tests
    rooms = [town.room(name, kay, bob) for name in ("key-a", "key-b", "key-c")]
    tab = visit(rooms[0], kay)
    tab.is_in("key-a")
    expect(tab.box).to_be_focused()

    tab.press("Control+k")
    tab.page.keyboard.type("key-c")
    tab.press("Enter")
    tab.is_in("key-c")
    expect(tab.box).to_be_focused()
    tab.press("Alt+ArrowUp")
    tab.is_in("key-b")
    tab.press("Alt+ArrowDown")
    tab.is_in("key-c")
    town.say(rooms[0], bob, "Over here!")
    expect(tab.badge("key-a")).to_have_text("1 unread")
    tab.press("Alt+Shift+ArrowDown")
    tab.is_in("key-a")
    expect(tab.badge("key-a")).to_have_count(0)


def test_the_keyboard_alone_suffices_in_a_room(
    visit: Visit, town: Town, ada: Account, bob: Account
) -> None:
    room = town.room("key-d", ada, bob)
    town.say(room, bob, "Over here!")
    tab = visit(room, ada)
    expect(tab.box).to_be_focused()
    tab.page.keyboard.type("Here I am.")
    tab.press("Enter")
    tab.sent()
    tab.press("ArrowUp")
    expect(tab.page.get_by_text("Editing your message")).to_be_visible()
    tab.press("Escape")
    expect(tab.page.get_by_text("Editing your message")).to_have_count(0)
    expect(tab.box).to_be_focused()

    tab.press("Shift+Tab")  # into the messages, which are one stop; the arrows walk
    expect(tab.message("Here I am.")).to_be_focused()
    tab.press("ArrowUp")
    expect(tab.message("Over here!")).to_be_focused()
    tab.press("?")
    expect(tab.dialog).to_contain_text("Keyboard shortcuts")
    tab.press("Escape")
    expect(tab.dialog).to_have_count(0)
    expect(tab.message("Over here!")).to_be_focused()  # back where it was
    tab.press("Escape")
    expect(tab.box).to_be_focused()


def test_a_dialog_gives_the_focus_back(visit: Visit, lively_room: str, ada: Account) -> None:
    tab = visit(lively_room, ada)
    for name in ("New room", "Room settings", "Browse rooms"):
        button = tab.button(name).first
        button.focus()
        tab.press("Enter")
        expect(tab.dialog).to_be_visible()
        tab.press("Escape")
        expect(tab.dialog).to_have_count(0)
        expect(button).to_be_focused()


def test_what_others_say_is_read_out_and_history_never(
    visit: Visit, town: Town, ada: Account, bob: Account
) -> None:
    room = town.room("aloud", ada, bob)
    town.say(room, bob, "Long ago.")
    tab = visit(room, ada)
    tab.shows("Long ago.")
    region = tab.page.locator("message-announcer [aria-live=polite]")
    tab.say("My own.")
    tab.sent()
    town.say(room, bob, "Now.")
    expect(region).to_have_text("Bob Kahn: Now.")
    town.say(room, bob, *(f"Number {number}." for number in range(5)))
    expect(region).to_have_text("5 new messages")
    assert tab.page.locator("message-list").evaluate(
        "list => !list.closest('[aria-live]') && !list.querySelector('[aria-live]')"
    )
