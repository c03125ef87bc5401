"""Two people, two browsers, two workers between them."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.town import Account, Town


def test_two_people_sign_in_talk_and_find_it_all_again(
    visit: Visit, town: Town, ada: Account, bob: Account
) -> None:
    room = town.room("morning", ada, bob)
    here, there = visit("/sign-in"), visit("/sign-in")
    for tab, person in ((here, ada), (there, bob)):
        tab.sign_in(person)
        tab.link("morning").click()
        expect(tab.page).to_have_url(re.compile(f"/rooms/{room}$"))
        expect(tab.page.get_by_role("heading", name="Say hello")).to_be_visible()

    here.say("Did the release go out?")
    there.shows("Did the release go out?")
    there.say("Since 8:40.")
    here.shows("Did the release go out?", "Since 8:40.")
    here.say("Thank you!")
    here.sent()

    for tab in (here, there):
        tab.page.reload()
        tab.shows("Did the release go out?", "Since 8:40.", "Thank you!")


def test_who_writes_is_shown_with_dots_and_not_for_long(
    visit: Visit, town: Town, ada: Account, bob: Account, carol: Account
) -> None:
    room = town.room("dots", ada, bob, carol)
    here, bobs, carols = visit(room, ada), visit(room, bob), visit(room, carol)

    bobs.box.press_sequentially("I th")
    expect(here.typing).to_have_text("Bob Kahn is typing")
    expect(here.typing.locator(".typing__dots i")).to_have_count(3)
    carols.box.press_sequentially("No, I")
    expect(here.typing).to_have_text("Bob Kahn and Carol Shaw are typing")

    bobs.say("I think so")  # sent: no longer written
    expect(here.typing).to_have_text("Carol Shaw is typing")
    expect(here.typing).to_have_text("", timeout=6_000)
    expect(bobs.typing).to_have_text("")


def test_who_is_there_is_right_until_the_last_tab_closes(
    visit: Visit, town: Town, ada: Account, carol: Account
) -> None:
    room = town.room("presence", ada, carol)
    here = visit(room, ada)
    here.button("Show members").click()
    group = here.page.locator("member-panel .panel__group")
    online, offline = group.filter(has_text="Online ·"), group.filter(has_text="Offline ·")
    expect(offline).to_contain_text("Carol Shaw")

    first = visit(room, carol)
    second = visit(room, carol, beside=first)
    expect(online).to_contain_text("Carol Shaw")
    first.page.close()
    second.say("Still here.")
    here.shows("Still here.")
    expect(online).to_contain_text("Carol Shaw")

    second.page.close()
    expect(offline).to_contain_text("Carol Shaw")


def test_whoever_reads_elsewhere_finds_what_is_new_marked(
    visit: Visit, town: Town, ada: Account, bob: Account
) -> None:
    room, _ = town.room("divided", ada, bob), town.room("elsewhere", ada, bob)
    town.say(room, ada, "Read this.")
    there = visit(room, bob)
    there.shows("Read this.")
    there.link("elsewhere").click()
    expect(there.page.get_by_role("heading", name="Say hello")).to_be_visible()
    town.say(room, ada, "This is new.", "And this.")
    expect(there.badge("divided")).to_contain_text("2")

    there.link("divided").click()
    there.shows("Read this.", "This is new.", "And this.")
    rows = there.page.locator("message-list :is(.unread-divider, .bubble)")
    expect(rows).to_have_text(["Read this.", "New messages", "This is new.", "And this."])
    expect(there.badge("divided")).to_have_count(0)


def test_a_mention_is_chosen_from_a_list_and_counts(
    visit: Visit, town: Town, ada: Account, bob: Account
) -> None:
    room, other = town.room("mentions", ada, bob), town.room("mentions-away", ada, bob)
    here, there = visit(room, ada), visit(other, bob)
    here.box.press_sequentially("Look, @bo")
    expect(here.page.get_by_role("option")).to_have_count(1)
    expect(here.page.get_by_role("option", name="Bob Kahn")).to_be_visible()
    here.press("Enter")
    expect(here.box).to_have_value("Look, @Bob Kahn ")
    here.press("Enter")
    here.shows("Look, @Bob Kahn")
    expect(there.badge("mentions")).to_have_text("1 mentions")
    there.link("mentions").click()
    expect(there.page.locator(".mention--self")).to_have_text("@Bob Kahn")
