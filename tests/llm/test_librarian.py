from __future__ import annotations

from chatapp.llm.librarian import compose
from chatapp.types import Passage


def test_it_quotes_what_a_passage_was_found_for_and_not_all_of_it():
    passage = Passage(
        "document", "p", "a*b.md", "Zoo", "All.\nThe zebra.\nMore.", "… The zebra.\nMore."
    )

    answer = compose([passage])

    assert "**a\\*b.md · Zoo** [1]\n> … The zebra.\n> More.\n" in answer
    assert "All." not in answer
