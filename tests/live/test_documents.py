"""Whoever reads a document is killed; it is read all the same, once."""

from __future__ import annotations

import pytest

from chatapp.actions import documents, workspaces
from chatapp.store import documents as kept
from chatapp.store import passages
from tests.live.system import eventually

pytestmark = pytest.mark.live
PARTS = 4_000
WORDS = "\n\n".join(f"# Part {n}\n\n{'word ' * 150}part{n}end" for n in range(PARTS)).encode()


@pytest.fixture(scope="module")
def settings():
    return {"READING_TIME": 12, "DOCUMENTS_EVERY": 1.0}


def test_a_document_survives_its_reader(system):
    with system.app.app_context():
        workspaces.create(slug="library", name="Library")
        librarian = workspaces.operator("library")
        given = documents.add(librarian, name="long.md", content=WORDS)

        def now():
            return kept.find(given.tenant_id, given.id)

        eventually(lambda: now().done, within=20, every=0.01)
        system.answers.kill()
        assert now().state == "reading", "it was too quick to be killed"
        system.answers.start()
        eventually(lambda: now().state == "ready", within=60)

        assert (now().done, now().served) == (PARTS, 1)
        (found,) = passages.search(
            given.tenant_id, room_ids=[], words=f"part{PARTS - 1}end", at_most=3
        )
        assert found.title == "long.md"
