"""What the page does when the network, or the worker at its other end, goes away."""

from __future__ import annotations

import os
import re
import signal
from contextlib import suppress

import psutil
from playwright.sync_api import Error, expect

from tests.browser.conftest import Visit
from tests.browser.tab import Tab
from tests.browser.town import Account, Town
from tests.live.system import System, eventually


def test_the_page_comes_back_by_itself_when_its_worker_is_killed(
    visit: Visit, town: Town, system: System, ada: Account, bob: Account
) -> None:
    tabs = here, there = _talking(visit, town.room("killed", ada, bob), ada, bob)
    said = ["before"]

    # One after the other: whichever held a socket, it is gone.
    for number, worker in enumerate(_workers(system)):
        os.kill(worker, signal.SIGKILL)
        here.say(f"{number}: from here")
        there.say(f"{number}: from there")
        said += [f"{number}: from here", f"{number}: from there"]
        eventually(lambda worker=worker: len(_workers(system) - {worker}) == 2, within=15)
        for tab in tabs:
            tab.has_all(*said)
            expect(tab.page.locator(".connection")).to_have_count(0)

    for tab in tabs:
        assert tab.sockets > 1, "this tab never lost its worker"
        in_order = tab.said.all_inner_texts()
        tab.page.reload()
        tab.shows(*in_order)


def test_a_server_that_restarts_loses_nothing(
    visit: Visit, town: Town, system: System, ada: Account, bob: Account
) -> None:
    tabs = here, there = _talking(visit, town.room("restarted", ada, bob), ada, bob)
    old, server = _workers(system), system.web[0].process
    assert server
    os.kill(server.pid, signal.SIGHUP)  # gunicorn's way to say: new workers, please
    here.say("meanwhile")
    eventually(lambda: len(_workers(system) - old) == 2 and not _workers(system) & old, within=20)
    there.say("after")
    for tab in tabs:
        tab.has_all("before", "meanwhile", "after")
        expect(tab.page.locator(".connection")).to_have_count(0)
        assert tab.sockets > 1, "this tab never lost its worker"


def _talking(visit: Visit, room: str, *people: Account) -> tuple[Tab, Tab]:
    """Two tabs in a room, about to lose their server."""
    here, there = (visit(room, person) for person in people)
    for tab in (here, there):
        tab.pardon(r"net::ERR_|WebSocket connection")
    here.say("before")
    there.shows("before")
    return here, there


def _workers(system: System) -> set[int]:
    process = system.web[0].process
    assert process
    return {each.pid for each in psutil.Process(process.pid).children()}


def test_what_is_written_offline_is_kept_and_delivered_once(
    visit: Visit, town: Town, ada: Account, bob: Account
) -> None:
    room = town.room("tunnel", ada, bob)
    here, there = visit(room, ada), visit(room, bob)
    with here.offline():
        here.say("Can you hear me?", "Hello?")
        states = here.page.locator("message-list .message__state")
        expect(states).to_have_text(["Sending…", "Sending…"])
        expect(here.banner).to_have_count(0)  # a blink is not worth a word
        town.say(room, bob, "Where are you?")
        expect(here.banner).to_be_visible(timeout=8_000)
        expect(here.box).to_be_enabled()
        expect(here.said).to_have_count(2)
    expect(here.banner).to_have_count(0, timeout=5_000)
    for tab in (here, there):
        tab.shows("Where are you?", "Can you hear me?", "Hello?")
    here.sent()


def test_what_is_written_offline_outlives_the_tab(
    visit: Visit, town: Town, ada: Account, bob: Account
) -> None:
    room = town.room("outlived", ada, bob)
    here, there = visit(room, ada), visit(room, bob)
    with here.offline():
        here.say("Remember me.")
        expect(here.page.locator("message-list .message__state")).to_have_text("Sending…")
        town.say(room, bob, "Anybody there?")
        there.shows("Anybody there?")
        try:
            here.page.reload()
        except Error as refused:
            assert "ERR_INTERNET_DISCONNECTED" in refused.message
    here.page.goto(f"/rooms/{room}")
    for tab in (here, there):
        tab.shows("Anybody there?", "Remember me.")
    here.sent()
    here.page.reload()
    here.shows("Anybody there?", "Remember me.")


def test_a_message_that_is_refused_says_so_and_can_be_tried_again_or_deleted(
    visit: Visit, town: Town, ada: Account, bob: Account
) -> None:
    room = town.room("closing", ada, bob)
    town.say(room, ada, "Last call.")
    there = visit(room, bob)
    there.shows("Last call.")
    with there.offline():
        there.say("One more?")
        expect(there.page.locator("message-list .message__state")).to_have_text("Sending…")
        town.archive(room)

    failed = there.message("One more?")
    expect(failed).to_contain_text("Not sent")
    expect(failed).to_contain_text("This room is archived")
    expect(there.page.get_by_text("It can be read, not written in.")).to_be_visible()
    failed.get_by_role("button", name="Retry").click()
    expect(failed).to_contain_text("Not sent")
    while (
        failed.count()
    ):  # the answer to the retry may replace the button under the pointer: then again
        with suppress(Error):
            failed.get_by_role("button", name="Delete").click(timeout=2_000)
    there.shows("Last call.")
    there.page.reload()
    there.shows("Last call.")


def test_a_session_ended_elsewhere_says_so(visit: Visit, town: Town) -> None:
    dora = town.person("Dora Dane")
    room = town.room("two-devices", dora)
    tabs = here, elsewhere = visit("/sign-in"), visit("/sign-in")
    for tab in tabs:
        tab.sign_in(dora)
    here.page.goto(f"/rooms/{room}")
    here.say("Still here.")
    here.sent()  # so it is connected: a session that ends before that is refused, in other words
    elsewhere.page.goto("/settings")
    elsewhere.button("End all others").click()

    ended = here.page.get_by_role("alertdialog", name="You are signed out")
    expect(ended).to_contain_text("ended from another device")
    ended.get_by_role("link", name="Sign in").click()
    expect(here.page).to_have_url(re.compile("/sign-in"))
