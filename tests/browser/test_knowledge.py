"""An administrator gives the assistant something to know, and sees it being read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import FilePayload, expect

from deploy.local.settings import CHECKOUT
from tests import papers
from tests.browser.conftest import Visit
from tests.browser.town import Account

HERE = "/admin/knowledge"


def file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def test_a_document_is_read_while_one_watches(visit: Visit, ada: Account) -> None:
    """Without touching the page: what is said of it changes, and the page is not loaded again."""
    tab = visit(HERE, ada)
    guide = (CHECKOUT / "docs/operations.md").read_bytes()

    tab.page.get_by_label("File").set_input_files(file("operations.md", guide))
    tab.button("Add").click()
    row = tab.page.get_by_role("row").filter(has_text="operations.md")
    tab.evaluate("window.stayed = true")

    expect(row.get_by_role("status")).to_have_text(re.compile(r"^\s*\d+ passages\s*$"))
    assert tab.evaluate("window.stayed")


def test_what_cannot_be_taken_or_read_says_why(visit: Visit, ada: Account) -> None:
    tab = visit(HERE, ada)

    tab.page.get_by_label("File").set_input_files(file("secret.pdf", papers.encrypted_pdf("x")))
    tab.button("Add").click()
    expect(tab.page.get_by_role("alert")).to_contain_text("The file is encrypted.")

    tab.page.get_by_label("File").set_input_files(file("scan.pdf", papers.pdf("")))
    tab.button("Add").click()
    row = tab.page.get_by_role("row").filter(has_text="scan.pdf")
    expect(row.get_by_role("status")).to_contain_text("There is no text in it.")


def test_a_document_is_replaced_and_deleted(visit: Visit, ada: Account) -> None:
    tab = visit(HERE, ada)
    tab.page.get_by_label("File").set_input_files(file("prices.md", b"# Prices\n\nTen."))
    tab.button("Add").click()
    tab.page.get_by_role("link", name="prices.md", exact=True).click()
    tab.page.get_by_label("New file").set_input_files(file("prices.txt", b"Eleven."))
    tab.button("Replace").click()
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("prices.txt")
    expect(tab.page.locator("main section").first).to_contain_text("1 passage")

    tab.button("Delete this document").click()

    expect(tab.page.get_by_role("status").first).to_have_text("prices.txt is deleted.")
    expect(tab.page.get_by_role("row").filter(has_text="prices")).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_for_all(visit: Visit, ada: Account, scheme: str, width: int) -> None:
    looks: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    tab = visit(HERE, ada, **looks)
    name = f"{'a-long-name-' * 7}{scheme}-{width}.md"
    tab.page.get_by_label("File").set_input_files(file(name, b"<!-- nothing -->"))
    tab.button("Add").click()
    expect(tab.page.get_by_role("row").filter(has_text=name)).to_contain_text("no text in it")
    tab.can_be_used_by_all()
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")

    tab.page.get_by_role("link", name=name, exact=True).click()
    tab.can_be_used_by_all()
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
