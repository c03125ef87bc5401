"""A real system, a real Chromium, and people who sign in once and then come and go.

Everybody's tabs are closed after each test, and nothing may have been wrong in any of them: no
error in the console, no violation of the content security policy.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, StorageState, expect, sync_playwright

from deploy.local.settings import CHECKOUT
from tests.browser.tab import SETTLED, Tab
from tests.browser.town import Account, Town
from tests.fake_providers import FakeProviders
from tests.live.conftest import FAST
from tests.live.system import System

QUIETLY = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
HOW_TO_GET_IT = (
    "There is no Chromium here: `apt-get install chromium`, or `playwright install chromium`."
)

expect.set_options(timeout=SETTLED)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def provider() -> Iterator[FakeProviders]:
    """Of models, for a workspace that has chosen one."""
    with FakeProviders() as provider:
        yield provider


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory, provider: FakeProviders) -> Iterator[System]:
    """One address, two workers behind it."""
    assert (CHECKOUT / "static/dist/app.js").exists(), "build the front end first: bin/setup"
    path = tmp_path_factory.mktemp("system")
    with System(path, web=1, workers_each=2, keys=provider.environ, **FAST) as system:
        yield system


@pytest.fixture(scope="package")
def town(system: System) -> Town:
    return Town(system)


@pytest.fixture(scope="package")
def ada(town: Town) -> Account:
    """Owns the workspace."""
    return town.person("Ada Lovelace", "owner")


@pytest.fixture(scope="package")
def bob(town: Town) -> Account:
    return town.person("Bob Kahn")


@pytest.fixture(scope="package")
def carol(town: Town) -> Account:
    return town.person("Carol Shaw")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = _chromium(playwright)
        browser = playwright.chromium.launch(executable_path=path, args=QUIETLY)
        yield browser
        browser.close()


def _chromium(playwright: Playwright) -> str:
    """The system's, or Playwright's own."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    own = playwright.chromium.executable_path
    if not found and not Path(own).exists():
        if os.environ.get("CI") == "true":
            pytest.fail(HOW_TO_GET_IT)
        pytest.skip(HOW_TO_GET_IT)
    return found or own


@pytest.fixture(scope="package")
def kept() -> dict[str, StorageState]:
    """The cookies of who has signed in, by id."""
    return {}


Visit = Callable[..., Tab]


@pytest.fixture
def visit(system: System, chromium: Browser, kept: dict[str, StorageState]) -> Iterator[Visit]:
    """visit("/sign-in"): a stranger's tab. visit("/", ada): hers, signed in, in a browser of its own.
    visit(room_id, ada, beside=tab): another tab in the browser that she has open already. A room is
    there when it returns.
    """
    tabs: list[Tab] = []
    contexts: list[Any] = []

    def go(
        place: str, person: Account | None = None, *, beside: Tab | None = None, **looks: Any
    ) -> Tab:
        if beside:
            context = beside.page.context
        else:
            options = {"locale": "en-US", "viewport": {"width": 1280, "height": 800}, **looks}
            state = kept.get(person.id) if person else None
            context = chromium.new_context(base_url=system.url, storage_state=state, **options)
            context.set_default_timeout(SETTLED)
            contexts.append(context)
        tab = Tab(context.new_page())
        tabs.append(tab)
        if person and not beside and person.id not in kept:
            tab.sign_in(person)
            kept[person.id] = context.storage_state()
        tab.page.goto(place if "/" in place else f"/rooms/{place}")
        if "/" not in place:
            expect(tab.page.locator("message-list")).to_be_visible()
        return tab

    yield go
    wrongs = [wrong for tab in tabs for wrong in tab.wrongs]
    for context in contexts:
        context.close()
    assert not wrongs, wrongs
