"""One person, two tabs: they agree."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.town import Account, Town


def test_two_tabs_agree_on_what_is_unread(
    visit: Visit, town: Town, ada: Account, carol: Account
) -> None:
    quiet, busy = town.room("quiet", ada, carol), town.room("busy", ada, carol)
    first = visit(quiet, carol)
    second = visit(quiet, carol, beside=first)
    tabs = (first, second)

    town.say(busy, ada, "Morning.", "Carol is late.")
    for tab in tabs:
        expect(tab.badge("busy")).to_have_text("2 unread")
    town.say(busy, ada, "Where are you, @Carol Shaw?")
    for tab in tabs:
        expect(tab.badge("busy")).to_have_text("1 mentions")
        expect(tab.page).to_have_title("(1) quiet · Acme")
    first.page.reload()
    expect(first.badge("busy")).to_have_text("1 mentions")

    second.page.bring_to_front()
    second.link("busy").click()
    second.shows("Morning.", "Carol is late.", "Where are you, @Carol Shaw?")
    for tab in tabs:
        expect(tab.badge("busy")).to_have_count(0)
    first.page.reload()
    expect(first.link("busy")).to_be_visible()
    expect(first.badge("busy")).to_have_count(0)


def test_what_is_said_in_one_tab_is_in_the_other(visit: Visit, town: Town, bob: Account) -> None:
    room = town.room("echo", bob)
    first = visit(room, bob)
    second = visit(room, bob, beside=first)
    first.say("One.")
    second.shows("One.")
    second.say("Two.")
    for tab in (first, second):
        tab.shows("One.", "Two.")


def test_each_room_keeps_its_own_draft(visit: Visit, town: Town, bob: Account) -> None:
    here, there = town.room("draft-here", bob), town.room("draft-there", bob)
    tab = visit(here, bob)
    tab.box.fill("To be continued")
    tab.link("draft-there").click()
    tab.is_in("draft-there")
    expect(tab.box).to_have_value("")
    tab.box.fill("Something else")

    tab.link("draft-here").click()
    tab.is_in("draft-here")
    expect(tab.box).to_have_value("To be continued")
    tab.page.reload()
    expect(tab.box).to_have_value("To be continued")
    tab.page.goto(f"/rooms/{there}")
    tab.is_in("draft-there")
    expect(tab.box).to_have_value("Something else")

    tab.box.press("Enter")
    tab.shows("Something else")
    tab.page.reload()
    tab.shows("Something else")
    expect(tab.box).to_have_value("")
