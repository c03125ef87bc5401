"""What one can write, change and take back, to the number."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.tab import Tab
from tests.browser.town import Account, Town


def test_the_last_message_is_edited_with_the_arrow_up_and_marked(
    visit: Visit, town: Town, ada: Account, bob: Account
) -> None:
    room = town.room("edits", ada, bob)
    here, there = visit(room, ada), visit(room, bob)
    here.say("See you at nien.")
    there.shows("See you at nien.")
    here.sent()
    here.press("ArrowUp")
    expect(here.box).to_have_value("See you at nien.")
    here.box.fill("Never mind.")
    here.press("Escape")
    expect(here.box).to_have_value("")
    here.shows("See you at nien.")

    here.press("ArrowUp")
    here.say("See you at nine.")
    for tab in (here, there):
        tab.shows("See you at nine. (edited)")
    expect(here.box).to_have_value("")
    there.page.reload()
    there.shows("See you at nine. (edited)")


def test_a_removed_message_leaves_its_place(
    visit: Visit, town: Town, ada: Account, bob: Account
) -> None:
    room = town.room("removals", ada, bob)
    here, there = visit(room, ada), visit(room, bob)
    there.say("My password is 1234.", "Oh.")
    here.shows("My password is 1234.", "Oh.")
    there.sent()
    there.message("My password").hover()
    there.message("My password").get_by_role("button", name="Remove message").click()
    there.dialog.get_by_role("button", name="Remove message").click()
    for tab in (here, there):
        tab.shows("Message removed", "Oh.")
    here.page.reload()
    here.shows("Message removed", "Oh.")
    expect(here.page.get_by_text("1234")).to_have_count(0)
    expect(here.message("Oh.").get_by_role("button", name="Edit message")).to_have_count(0)


def test_markdown_is_drawn(visit: Visit, town: Town, ada: Account) -> None:
    room = town.room("markdown", ada)
    town.say(
        room,
        ada,
        "**Bold**, *slanted*, ~~gone~~, `code`",
        "- one\n- two\n\n> quoted\n\n```py\nprint(1 < 2)\n```",
        "See https://example.org/a?b=1&c=2",
    )
    here = visit(room, ada)
    said = here.said
    for tag, text in (("strong", "Bold"), ("em", "slanted"), ("del", "gone"), ("code", "code")):
        expect(said.nth(0).locator(tag)).to_have_text(text)
    expect(said.nth(1).locator("li")).to_have_text(["one", "two"])
    expect(said.nth(1).locator("blockquote")).to_have_text("quoted")
    expect(said.nth(1).locator("pre")).to_have_text("print(1 < 2)")
    link = said.nth(2).get_by_role("link")
    expect(link).to_have_attribute("href", "https://example.org/a?b=1&c=2")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", re.compile("noopener"))


def test_hostile_text_is_only_text(visit: Visit, town: Town, ada: Account, bob: Account) -> None:
    room = town.room("hostile", ada, bob)
    here, there = visit(room, ada), visit(room, bob)
    hostile = [
        "<script>document.title = 'taken'</script>",
        "<img src=x onerror=\"document.title='taken'\">",
        "[click](javascript:document.title='taken')",
        "[click](data:text/html,<script>alert(1)</script>)",
        "![look](https://example.org/tracker.png)",
        "<svg/onload=alert(1)> <iframe src=//example.org></iframe> <b>bold</b>",
        '<a href="javascript:alert(1)">a</a> [x]: javascript:alert(1)',
        "`<style>*{display:none}</style>`",
        "&lt;b&gt; &amp; ${7 * 7} {{7 * 7}}",
    ]
    here.say(*hostile)
    here.sent()
    for tab in (here, there):
        expect(tab.said).to_have_count(len(hostile))
        bubbles = tab.page.locator("message-list .bubble")
        alien = bubbles.locator(
            "script, img, svg:not(.icon), iframe, style, b, [onerror], [onload]"
        )
        expect(alien).to_have_count(0)
        hrefs = bubbles.locator("a").evaluate_all("links => links.map(link => link.protocol)")
        assert set(hrefs) <= {"http:", "https:"}, hrefs
        expect(tab.said.nth(0)).to_have_text(hostile[0])
        expect(tab.said.nth(2)).to_have_text("click")
        expect(tab.said.nth(8)).to_contain_text("${7 * 7} {{7 * 7}}")
        expect(tab.page).to_have_title(re.compile("hostile · Acme$"))


def test_the_box_grows_counts_and_refuses_as_the_seed_says(
    visit: Visit, town: Town, ada: Account
) -> None:
    tab = visit(town.room("numbers", ada), ada)
    assert _height(tab) == 44
    tab.box.press_sequentially("first")
    tab.press("Shift+Enter")
    tab.box.press_sequentially("second")
    assert 44 < _height(tab) < 200
    tab.press("Enter")
    expect(tab.said).to_have_text(["first\nsecond"], use_inner_text=True)
    expect(tab.box).to_have_value("")
    assert _height(tab) == 44

    tab.box.fill("line\n" * 60)
    assert _height(tab) == 200


def test_a_message_has_at_most_five_thousand_characters(
    visit: Visit, town: Town, ada: Account
) -> None:
    tab = visit(town.room("limits", ada), ada)
    counter, send = tab.page.locator(".composer__left"), tab.button("Send message")
    for length, words in ((4901, "99 left"), (5000, "0 left"), (5001, "1 too many")):
        tab.box.fill("x" * length)
        expect(counter).to_have_text(words)
    tab.box.fill("x" * 4900)
    expect(counter).to_have_count(0)
    for refused in ("x" * 5001, "   \n "):
        tab.box.fill(refused)
        expect(send).to_be_disabled()
        tab.press("Enter")
    expect(tab.said).to_have_count(0)

    tab.box.fill("x" * 5000)
    expect(send).to_be_enabled()
    tab.press("Enter")
    expect(tab.said).to_have_count(1)
    tab.sent()


def test_runs_share_a_head_and_days_are_kept_apart(
    visit: Visit, town: Town, ada: Account, bob: Account
) -> None:
    now = datetime.now(UTC)
    long_ago = (now - timedelta(days=40)).replace(hour=15, minute=21)
    noon = long_ago + timedelta(hours=1)
    said = [
        (long_ago, bob, "A first"),
        (long_ago + timedelta(minutes=4), bob, "and a second"),
        (long_ago + timedelta(minutes=6), bob, "A run later"),
        (noon, ada, "Answered"),
        (now, bob, "Much later"),
    ]
    here = visit(town.old_room("times", ada, bob, said=said), ada, timezone_id="UTC")
    here.shows(*(text for _, _, text in said))
    first = here.page.locator("message-list .message--first")
    expect(first.locator(".bubble")).to_have_text(
        ["A first", "A run later", "Answered", "Much later"]
    )
    expect(first.locator(".avatar")).to_have_text(["BK", "BK", "AL", "BK"])
    expect(here.page.locator("message-list .avatar")).to_have_count(4)
    times = first.locator("time")
    day = long_ago.strftime("%b %d")
    expect(times).to_have_text(
        [f"{day}, 03:21 PM", f"{day}, 03:27 PM", f"{day}, 04:21 PM", now.strftime("%I:%M %p")]
    )
    expect(here.page.locator(".day__title")).to_have_count(2)
    expect(here.page.locator(".day__title").last).to_have_text("Today")

    own, other = here.message("Answered"), here.message("Much later")
    frame = here.page.locator(".messages").bounding_box()
    assert frame
    right, left = own.locator(".bubble").bounding_box(), other.locator(".bubble").bounding_box()
    assert right and left
    assert right["x"] > frame["x"] + frame["width"] / 2 > left["x"] + left["width"]


def _height(tab: Tab) -> float:
    return float(tab.box.evaluate("box => box.getBoundingClientRect().height"))
