"""The assistant as those who ask it see it: found, watched, stopped, checked."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from chatapp.types import Assistant, Price
from tests.browser.conftest import Visit
from tests.browser.town import Account, Town
from tests.fake_providers import FakeProviders

NOTES = """# Backups

## The record

The record is dumped every night at three with pg_dump, and kept for thirty days.

## Restoring

A restore takes twelve minutes; the zebra procedure describes it.
"""
PIECES = [
    "The **first** paragraph.\n\n",
    "```sh\nmake it\n```\n\n",
    "And the ",
    "last one.",
]
WHOLE = re.compile("The first paragraph.*make it.*And the last one\\.", re.DOTALL)

# Every node that the finished blocks consist of, so that drawing one of them again is seen.
REMEMBER = """
() => {
  const blocks = [...document.querySelectorAll("assistant-answer .answer__text > *")].slice(0, 2);
  window.before = blocks.map((block) => [block, block.getBoundingClientRect().top]);
}
"""
SAME = """
() => {
  const now = [...document.querySelectorAll("assistant-answer .answer__text > *")];
  const moved = (block, top) => Math.abs(block.getBoundingClientRect().top - top) >= 2;
  return window.before.map(([block, top], n) => [now[n] === block, moved(block, top)]);
}
"""


@pytest.fixture
def model(town: Town, provider: FakeProviders) -> Iterator[FakeProviders]:
    """The workspace has chosen one; it writes these pieces, and waits before the third."""
    provider.pieces, provider.pause, provider.fault, provider.hold_after = PIECES, 0.0, "", None
    provider._going_on.clear()
    free = Price(0, 0)  # within whatever budget another test has set
    town.chooses(Assistant("openai", "a-model", price=free))
    yield provider
    provider.go_on()
    provider.fault = ""
    town.chooses(Assistant())


def test_without_a_model_it_quotes_what_it_found_and_shows_where(
    visit: Visit, town: Town, ada: Account
) -> None:
    town.knows("backups.md", NOTES)
    tab = visit(town.room("quoting", ada), ada)
    tab.converse()
    tab.say("How long does the zebra procedure take?")
    expect(tab.answers).to_contain_text("A restore takes twelve minutes")
    expect(tab.page.locator(".answer__meta")).to_contain_text("No model configured")
    expect(tab.page.locator(".room-header__name")).to_contain_text("How long does the zebra")
    tab.can_be_used_by_all()

    tab.page.locator("button.cite").first.click()
    panel = tab.page.locator("source-panel")
    expect(panel.locator("mark")).to_contain_text("the zebra procedure describes it")
    expect(panel.get_by_role("button", name="Close the source")).to_be_focused()
    tab.page.locator(".sources summary").click()
    tab.can_be_used_by_all()


def test_a_quoted_message_is_one_click_away(
    visit: Visit, town: Town, ada: Account, bob: Account
) -> None:
    room = town.room("far off", ada, bob)
    town.say(room, bob, "The okapi meeting is on Thursday.", *(f"Line {n}." for n in range(120)))
    tab = visit(room, ada)
    expect(tab.message("Line 119.")).to_be_visible()
    tab.converse()
    tab.say("When is the okapi meeting?")
    tab.page.locator("button.cite").first.click()
    tab.button("Go to the message").click()
    tab.is_in("far off")
    expect(tab.message("okapi meeting")).to_be_in_viewport()
    expect(tab.message("okapi meeting")).to_be_focused()


def test_an_answer_is_watched_left_and_found_again_by_everybody_in_the_room(
    visit: Visit, town: Town, model: FakeProviders, ada: Account, bob: Account
) -> None:
    model.hold_after = 3
    tab = visit(town.room("watching", ada, bob), ada, reduced_motion="reduce")
    tab.converse()
    tab.say("How?")
    expect(tab.answers).to_contain_text("And the")
    room = tab.page.url.rsplit("/", 1)[-1]
    town.brings(room, bob)
    other = visit(room, bob)
    expect(other.answers).to_contain_text("And the")
    other.page.reload()
    expect(other.answers).to_contain_text("And the")
    tab.evaluate(REMEMBER)
    tab.can_be_used_by_all()

    model.go_on()
    for each in (tab, other):
        expect(each.answers).to_have_text(WHOLE)
        expect(each.page.locator(".answer__meta")).to_contain_text("a-model")
        expect(each.answers).to_have_count(1)
    assert tab.evaluate(SAME) == [[True, False]] * 2
    assert tab.answers.inner_text() == other.answers.inner_text()
    expect(tab.page.locator("message-announcer [aria-live]")).to_contain_text("And the last one.")


def test_esc_stops_it_and_what_was_written_stays(
    visit: Visit, town: Town, model: FakeProviders, ada: Account
) -> None:
    model.hold_after = 3
    tab = visit(town.room("stopping", ada), ada)
    tab.converse()
    tab.say("How?")
    expect(tab.answers).to_contain_text("And the")
    expect(tab.button("Stop answering")).to_be_visible()
    tab.press("Escape")
    expect(tab.page.locator("assistant-answer")).to_contain_text("Stopped.")
    expect(tab.answers).to_contain_text("And the")
    expect(tab.button("Stop answering")).to_have_count(0)
    model.go_on()

    tab.page.get_by_role("button", name="Answer again").click()
    expect(tab.answers).to_have_text(WHOLE)
    expect(tab.page.locator("assistant-answer")).to_have_count(1)
    expect(tab.page.get_by_text("Message removed")).to_have_count(0)


def test_questions_wait_in_order(
    visit: Visit, town: Town, model: FakeProviders, ada: Account
) -> None:
    model.hold_after = 3
    tab = visit(town.room("queueing", ada), ada, reduced_motion="reduce")
    tab.converse()
    tab.say("One?", "Two?", "Three?")
    states = tab.page.locator(".answer__state")
    expect(states).to_have_text(["Waiting · 1 before you", "Waiting · 2 before you"])
    tab.can_be_used_by_all()
    model.go_on()
    expect(tab.page.locator(".answer__meta")).to_have_count(3)
    expect(tab.page.locator(".answer__about")).to_have_text(
        ["To you: One?", "To you: Two?", "To you: Three?"]
    )


def test_a_provider_that_fails_is_said_and_can_be_asked_again(
    visit: Visit, town: Town, model: FakeProviders, ada: Account
) -> None:
    model.fault = "refuse"
    tab = visit(town.room("failing", ada), ada)
    tab.converse()
    tab.say("How?")
    failed = tab.page.locator(".answer__state--failed")
    expect(failed).to_contain_text("Try again")
    tab.can_be_used_by_all()
    model.fault = ""
    failed.get_by_role("button", name="Try again").click()
    expect(tab.answers).to_have_text(WHOLE)
    expect(failed).to_have_count(0)

    model.fault = "refuse"
    tab.page.get_by_role("button", name="Answer again").click()
    for again in (lambda: None, tab.page.reload):
        again()
        expect(failed).to_contain_text("Try again")
        expect(tab.answers).to_have_text([WHOLE, ""])
    tab.can_be_used_by_all()


def test_added_to_a_room_it_answers_who_mentions_it(
    visit: Visit, town: Town, model: FakeProviders, ada: Account, bob: Account
) -> None:
    room = town.room("with it", ada, bob)
    tab, other = visit(room, ada), visit(room, bob)
    tab.button("Invite people").click()
    tab.dialog.get_by_text("Answers those who mention it").click()
    tab.dialog.get_by_role("button", name="Invite").click()
    expect(tab.dialog).to_have_count(0)

    tab.box.press_sequentially("@assi")
    tab.page.get_by_role("option", name="Assistant").click()
    tab.box.press_sequentially("how?")
    tab.press("Enter")
    for each in (tab, other):
        expect(each.answers).to_have_text(WHOLE)
