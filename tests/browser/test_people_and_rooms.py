"""Coming in, finding each other, and who may look where."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.town import PASSWORD, Account, Town


def test_a_stranger_comes_in_by_invitation_and_talks(
    visit: Visit, town: Town, ada: Account
) -> None:
    room = town.room("town hall", ada)
    here = visit("/admin/people", ada)
    here.button("Make a link").click()
    link = here.page.locator(".copy").inner_text()

    there = visit(link)
    page = there.page
    expect(page.get_by_role("heading", name="Join Acme")).to_be_visible()
    page.get_by_label("Your name").fill("Erin Fisk")
    page.get_by_label("Your e-mail").fill("erin@acme.test")
    page.get_by_label("Password").fill(PASSWORD)
    there.button("Join").click()
    expect(page.get_by_role("heading", name="Welcome to Acme")).to_be_visible()
    page.locator("main").get_by_role("button", name="Browse rooms").click()
    there.dialog.get_by_label("Search rooms").fill("town")
    there.dialog.get_by_role("button", name="Join town hall").click()
    there.is_in("town hall")
    there.say("Hello, I am new.")
    there.sent()

    here.page.goto(f"/rooms/{room}")
    here.shows("Hello, I am new.")
    expect(here.page.locator(".message__author")).to_have_text("Erin Fisk")

    again = visit("/sign-in")
    again.pardon("status of 404")
    again.page.goto(link)
    expect(again.page.locator("main")).to_contain_text("404")


def test_the_open_room_is_in_view_in_a_long_list(visit: Visit, town: Town) -> None:
    grace = town.person("Grace Lind")
    rooms = [town.room(f"corridor {number}", grace) for number in range(10, 50)]
    tab = visit(f"/rooms/{rooms[-1]}", grace)
    expect(tab.link("corridor 49")).to_be_in_viewport()
    expect(tab.link("corridor 10")).not_to_be_in_viewport()

    tab.press("Control+k")
    tab.page.keyboard.type("corridor 10")
    tab.press("Enter")

    tab.is_in("corridor 10")
    expect(tab.link("corridor 10")).to_be_in_viewport()


def test_who_is_in_no_room_yet_reaches_everything_on_a_phone(visit: Visit, town: Town) -> None:
    fred = town.person("Fred Ohm")
    tab = visit("/sign-in", viewport={"width": 360, "height": 740}, has_touch=True)
    tab.sign_in(fred)
    expect(tab.page.get_by_role("heading", name="Welcome to Acme")).to_be_visible()
    tab.button("Open the list of rooms").click()
    tab.button("Open the menu of Fred Ohm").click()
    tab.button("Sign out").click()
    expect(tab.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_two_people_talk_directly(visit: Visit, town: Town, ada: Account, bob: Account) -> None:
    room = town.room("direct-aside", ada, bob)
    here, there = visit(room, ada), visit(room, bob)
    here.button("New direct message").click()
    here.dialog.get_by_label("Search people").fill("kahn")
    here.dialog.get_by_label("Bob Kahn").check()
    here.dialog.get_by_role("button", name="Start conversation").click()
    here.is_in("Bob Kahn")
    here.say("Between us:")

    expect(there.badge("Ada Lovelace")).to_have_text("1 unread")
    there.link("Ada Lovelace").click()
    there.is_in("Ada Lovelace")
    there.shows("Between us:")
    there.say("Yes?")
    here.shows("Between us:", "Yes?")

    here.link("direct-aside").click()
    here.press("Control+k")
    here.page.keyboard.type("bob")
    here.press("Enter")
    here.shows("Between us:", "Yes?")  # the same conversation, not another one


def test_a_private_room_is_for_those_inside(
    visit: Visit, town: Town, ada: Account, bob: Account, carol: Account
) -> None:
    lobby = town.room("private-lobby", ada, bob, carol)
    here, there = visit(lobby, ada), visit(lobby, bob)
    here.button("New room").click()
    here.dialog.get_by_label("Name").fill("Plans")
    here.dialog.get_by_label("Private").check()
    here.dialog.get_by_role("button", name="Create room").click()
    here.is_in("Plans")
    here.say("Only for us.")
    here.sent()

    here.button("Show members").click()
    panel = here.page.locator("member-panel")
    panel.get_by_role("button", name="Invite people").click()
    here.dialog.get_by_label("Bob Kahn").check()
    here.dialog.get_by_role("button", name="Invite").click()
    there.link("Plans").click()
    there.shows("Only for us.")

    carols = visit(lobby, carol)
    carols.button("Browse rooms").click()
    carols.dialog.get_by_label("Search rooms").fill("Plans")
    expect(carols.dialog).to_contain_text("No room is called “Plans”.")

    panel.get_by_role("button", name="Remove Bob Kahn from the room").click()
    here.dialog.get_by_role("button", name="Remove from room").click()
    expect(there.page.get_by_role("heading", name="You are not in this room")).to_be_visible()
    expect(there.link("Plans")).to_have_count(0)
    there.page.reload()
    expect(there.page.get_by_role("heading", name="You are not in this room")).to_be_visible()
    expect(there.page.get_by_text("Only for us.")).to_have_count(0)


def test_a_room_is_renamed_and_archived_before_everybodys_eyes(
    visit: Visit, town: Town, ada: Account, bob: Account
) -> None:
    room = town.room("working title", ada, bob)
    here, there = visit(room, ada), visit(room, bob)
    here.button("Room settings").click()
    here.dialog.get_by_label("Name").fill("Final title")
    here.dialog.get_by_label("What it is for").fill("Only what is finished")
    here.dialog.get_by_role("button", name="Save").click()
    for tab in (here, there):
        expect(tab.page.get_by_role("heading", level=1)).to_have_text("Final title")
        expect(tab.page.locator(".room-header__topic")).to_have_text("Only what is finished")
        expect(tab.link("Final title")).to_be_visible()

    here.button("Room settings").click()
    here.dialog.get_by_role("button", name="Archive room").click()
    here.dialog.get_by_role("button", name="Archive room").click()
    for tab in (here, there):
        expect(tab.page.get_by_text("It can be read, not written in.")).to_be_visible()
        expect(tab.box).to_have_count(0)


def test_a_name_that_looks_like_markup_is_only_a_name(
    visit: Visit, town: Town, ada: Account
) -> None:
    mallory = town.person("<b>Mallory</b><img src=x onerror=alert(1)>")
    room = town.room("<i>markup</i>", ada, mallory)
    town.say(room, mallory, "Hello.")
    here = visit(room, ada)
    here.shows("Hello.")
    expect(here.page.locator(".message__author")).to_have_text(mallory.name)
    expect(here.page.get_by_role("heading", level=1)).to_have_text("<i>markup</i>")
    here.page.goto("/admin/people?q=mallory")
    expect(here.page.locator("main .person")).to_contain_text(mallory.name)
    expect(here.page.locator("main b, main img")).to_have_count(0)
