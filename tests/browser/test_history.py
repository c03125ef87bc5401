"""A room with a past."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import cycle

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.town import Account, Said, Town

MANY = 2000
STEP = 200  # pixels a frame: a finger that flicks and flicks
DRAWN = 480  # messages on the page at a time, at most
SMOOTH = 20.0  # milliseconds between two frames: 60 a second, and a little for the machine

# Scroll frame by frame until there is nothing more that way. After each frame the row in the middle must be
# where the scrolling alone would have brought it, whatever was loaded above it meanwhile.
SCROLL = """
async (step) => {
  const list = document.querySelector("message-list");
  const frame = () => new Promise(requestAnimationFrame);
  const box = list.getBoundingClientRect();
  const inView = (row) => row.getBoundingClientRect().bottom > box.top + box.height / 2;
  const found = { pauses: [], jumps: [], most: 0 };
  const until = performance.now() + 80000;
  let last = await frame(), still = 0;
  while (still < 60 && last < until) {
    const rows = [...list.querySelectorAll(".message")];
    found.most = Math.max(found.most, rows.length);
    const row = rows.find(inView) ?? rows.at(-1);
    const top = row.getBoundingClientRect().top, from = list.scrollTop;
    list.scrollTop += step;
    const asked = list.scrollTop - from;
    const now = await frame();
    const moved = top - row.getBoundingClientRect().top;
    if (row.isConnected && Math.abs(moved - asked) > 2) found.jumps.push([found.pauses.length, asked, moved]);
    found.pauses.push(now - last);
    last = now;
    still = asked ? 0 : still + 1;
  }
  return found;
}
"""


@pytest.fixture(scope="package")
def long_room(town: Town, ada: Account, bob: Account) -> str:
    began = datetime.now(UTC) - timedelta(days=9)
    authors = cycle((ada, ada, bob, ada, bob, bob, bob))
    said: list[Said] = [
        (began + timedelta(minutes=6 * number), author, _text(number))
        for number, author in zip(range(MANY), authors, strict=False)
    ]
    return town.old_room("long story", ada, bob, said=said)


def _text(number: int) -> str:
    lines = "\n".join(f"Line {line} of it." for line in range(number % 4))
    return f"Message {number}. " + "And so on. " * (number % 13) + lines


def test_two_thousand_messages_scroll_smoothly_and_nothing_jumps(
    visit: Visit, long_room: str, bob: Account, figures: Callable[[object], None]
) -> None:
    tab = visit(long_room, bob)
    expect(tab.message(f"Message {MANY - 1}.")).to_be_visible()
    found = tab.evaluate(SCROLL, -STEP)
    pauses = sorted(found["pauses"])
    median, slow = pauses[len(pauses) // 2], pauses[int(len(pauses) * 0.95)]
    figures(f"{len(pauses)} frames, median {median:.1f} ms, 95 % within {slow:.1f} ms")

    expect(tab.message("Message 0.")).to_be_visible()
    assert not found["jumps"], found["jumps"][:10]
    assert found["most"] <= DRAWN
    assert median <= SMOOTH
    tab.button("Jump to latest").click()
    expect(tab.message(f"Message {MANY - 1}.")).to_be_in_viewport()


def test_what_one_reads_stays_where_it_is_while_others_talk(
    visit: Visit, town: Town, long_room: str, ada: Account, bob: Account
) -> None:
    tab = visit(long_room, bob)
    expect(tab.message(f"Message {MANY - 1}.")).to_be_visible()
    tab.page.locator("message-list").hover()
    tab.page.mouse.wheel(0, -1500)
    jump = tab.button("Jump to latest")
    expect(jump).to_be_visible()
    anchor = tab.message(f"Message {MANY - 20}.")
    before = anchor.bounding_box()
    town.say(long_room, ada, "Did you see this?", "And this?")
    expect(jump).to_have_text("Jump to latest · 2")
    after = anchor.bounding_box()
    assert before and after
    assert abs(after["y"] - before["y"]) < 2

    jump.click()
    expect(tab.message("And this?")).to_be_in_viewport()
    expect(jump).to_have_count(0)
    town.say(long_room, ada, "One more.")
    expect(tab.message("One more.")).to_be_in_viewport()  # at the end one stays at the end


def test_the_first_of_many_new_messages_is_one_click_away(
    visit: Visit, town: Town, ada: Account, bob: Account
) -> None:
    visit(town.room("another-room", ada), ada)  # so that none of it is read by opening the page
    room = town.room("while away", bob, ada)
    town.say(room, bob, *(f"New {number}." for number in range(120)))
    tab = visit(room, ada)
    expect(tab.message("New 119.")).to_be_in_viewport()
    expect(tab.page.locator(".unread-divider")).to_have_count(0)
    tab.button("Jump to the first new · 120").click()
    expect(tab.message("New 0.")).to_be_in_viewport()
    expect(tab.message("New 0.")).to_be_focused()
    expect(tab.page.locator(".unread-divider")).to_be_in_viewport()
    expect(tab.button("Jump to the first new")).to_have_count(0)
