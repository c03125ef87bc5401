"""A call packed beforehand is what the library would have packed."""

from __future__ import annotations

import hiredis
from hypothesis import given
from hypothesis import strategies as some

from chatapp.engine.phrase import GAP, Phrase, digest

words = some.lists(some.just(GAP) | some.text() | some.integers() | some.binary(), max_size=8)


@given(words, words, some.data())
def test_what_is_filled_in_is_packed_as_hiredis_packs_it(keys, args, data):
    gaps = sum(word is GAP for word in keys + args)
    said = tuple(data.draw(some.binary()) for _ in range(gaps))
    phrase = Phrase("return 1", keys, args)
    whole = iter(said)
    given = [next(whole) if word is GAP else word for word in keys + args]
    command = ("EVALSHA", digest("return 1"), len(keys), *given)
    assert phrase.fill(said) == hiredis.pack_command(command)
    assert phrase.plain(said) == (given[: len(keys)], given[len(keys) :])
