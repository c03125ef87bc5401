"""A page as the person before it sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Locator, Page, expect

from deploy.local.settings import CHECKOUT
from tests.browser.town import WORKSPACE, Account

AXE = CHECKOUT / "frontend/node_modules/axe-core/axe.min.js"
SETTLED = 15_000  # milliseconds in which everything that should come has come


class Tab:
    """One tab, and every wrong thing it said: a test fails by those it did not expect."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrongs: list[str] = []
        self.sockets = 0  # made so far
        self._pardoned: list[str] = []
        page.on("console", lambda said: said.type == "error" and self._note(said.text))
        page.on("websocket", lambda _: self._count())
        page.on("pageerror", lambda error: self._note(f"{error.name}: {error.message}"))

    def pardon(self, pattern: str) -> None:
        """The browser itself will report what this test does on purpose."""
        self._pardoned.append(pattern)

    def _note(self, words: str) -> None:
        if not any(re.search(pattern, words) for pattern in self._pardoned):
            self.wrongs.append(words)

    def _count(self) -> None:
        self.sockets += 1

    def sign_in(self, person: Account) -> None:
        self.page.goto("/sign-in")
        self.page.get_by_label("Workspace").fill(WORKSPACE)
        self.page.get_by_label("E-mail").fill(person.email)
        self.page.get_by_label("Password").fill(person.password)
        self.button("Sign in").click()
        expect(self.page.locator("room-sidebar")).to_be_attached()

    # ---- the room ----

    @property
    def box(self) -> Locator:
        return self.page.locator("message-composer textarea")

    @property
    def said(self) -> Locator:
        """What all messages say, oldest first."""
        return self.page.locator("message-list .bubble")

    @property
    def typing(self) -> Locator:
        return self.page.locator("message-list .typing")

    @property
    def banner(self) -> Locator:
        return self.page.get_by_text("You are offline. What you write is kept")

    def message(self, text: str) -> Locator:
        return self.page.locator("message-list .message").filter(has_text=text)

    def say(self, *texts: str) -> None:
        for text in texts:
            self.box.fill(text)
            self.box.press("Enter")

    def shows(self, *texts: str) -> None:
        """Exactly these messages, in this order: nothing missed, nothing twice."""
        expect(self.said).to_have_text(list(texts), timeout=SETTLED)

    def is_in(self, name: str) -> None:
        """The room, or the conversation with this person, is what the page shows."""
        expect(self.page.locator(".room-header__name")).to_have_text(name)
        expect(self.box).to_have_attribute("aria-label", re.compile(f"^Message #?{name}$"))

    def has_all(self, *texts: str) -> None:
        """These messages and no others, in whatever order they were said."""
        expect(self.said).to_have_count(len(texts))
        assert sorted(self.said.all_inner_texts()) == sorted(texts)

    def sent(self) -> None:
        """Everything of one's own is through."""
        expect(self.page.locator("message-list .message--sending")).to_have_count(0)
        expect(self.page.locator("message-list .message__state").last).to_have_text("Sent")

    # ---- the assistant ----

    @property
    def answers(self) -> Locator:
        """What it says, unfinished answers too."""
        return self.page.locator("assistant-answer .answer__text")

    def converse(self) -> None:
        """The way to the assistant: a conversation in which nothing was asked yet."""
        self.page.get_by_role("button", name="AI: ask the assistant").click()
        expect(self.page.get_by_role("heading", name="Ask anything")).to_be_visible()

    # ---- around it ----

    def link(self, room: str) -> Locator:
        """The room in the sidebar."""
        name = self.page.locator(".room-link__name").get_by_text(room, exact=True)
        return self.page.locator("room-sidebar .room-link").filter(has=name)

    def badge(self, room: str) -> Locator:
        return self.link(room).locator(".badge")

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def can_be_used_by_all(self) -> None:
        """As far as axe can tell: no violation of any of its rules. It waits for what still fades in."""
        self.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
        if not self.evaluate("'axe' in window"):
            self.evaluate(AXE.read_text())
        found = self.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
        nodes = [
            (each["id"], node["html"][:200], node["failureSummary"])
            for each in found
            for node in each["nodes"]
        ]
        assert not nodes, nodes

    # ---- the wire ----

    @contextmanager
    def offline(self) -> Iterator[None]:
        """Out of reach of any network, as in a tunnel."""
        self.pardon(r"net::ERR_|WebSocket connection")
        self.page.context.set_offline(True)
        yield
        self.page.context.set_offline(False)

    def evaluate(self, script: str, given: Any = None) -> Any:
        return self.page.evaluate(script, given)
