"""The parser of frames: whatever comes, and however the network cut it, it comes out the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chatapp.engine import frames
from chatapp.engine.frames import Control, Reader
from tests.engine.wire import BINARY, CLOSE, CONTINUATION, PING, TEXT, frame

LIMIT = 300


def read(pieces, limit=LIMIT):
    """Everything that comes out, and how it ended."""
    reader = Reader(limit=limit, fragments=5)
    items = [item for piece in pieces for item in reader.feed(piece)]
    return items, reader.over, reader.violation and (reader.violation.code, reader.violation.reason)


def cut(data, places):
    edges = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[a:b] for a, b in zip(edges, edges[1:], strict=False) if a != b]


some_frames = some.builds(
    frame,
    some.sampled_from([*range(0, 4), 8, 9, 10, 11]),
    some.one_of(some.binary(max_size=150), some.text(max_size=60).map(str.encode)),
    final=some.booleans(),
    reserved=some.sampled_from([0, 0, 0, 0, 0x40]),
    mask=some.sampled_from([b"\0\0\0\0", b"\x17\x2a\x00\xff", b"abcd", b""]),
)


@given(some.lists(some_frames, max_size=8).map(b"".join), some.lists(some.integers(0, 2000)))
def test_any_split_of_any_frames_reads_the_same(data, places):
    assert read(cut(data, places)) == read([data])
    assert read(cut(data, range(len(data)))) == read([data])


@given(some.binary(max_size=400), some.lists(some.integers(0, 400)))
def test_any_split_of_any_bytes_reads_the_same(data, places):
    assert read(cut(data, places)) == read([data])


@given(some.lists(some.one_of(some.text(max_size=90), some.binary(max_size=200)), max_size=6))
def test_what_was_said_is_what_is_read(said):
    data = b"".join(
        frame(TEXT, each.encode()) if isinstance(each, str) else frame(BINARY, each)
        for each in said
    )
    assert read([data], limit=1_000) == (said, False, None)


@given(some.binary(max_size=70_000), some.binary(min_size=4, max_size=4))
def test_unmasking_is_what_the_standard_says(payload, mask):
    assert frames.unmask(payload, mask) == bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 300, 65_535, 65_536, 70_000])
def test_every_length_has_its_shortest_form(size):
    ours = frames.frame(frames.BINARY, b"x" * size)
    assert ours == frame(BINARY, b"x" * size, mask=b"")
    assert frames.text(b"x" * size)[1:] == ours[1:]
    assert read([frame(BINARY, b"x" * size)], limit=size)[0] == [b"x" * size]


@pytest.mark.parametrize(("size", "form"), [(5, 126), (125, 126), (200, 127), (65_535, 127)])
def test_a_longer_form_than_needed_is_a_violation(size, form):
    head = bytes((0x82, 0x80 | form)) + size.to_bytes(2 if form == 126 else 8, "big")
    assert read([head + b"\0\0\0\0" + b"x" * size], limit=1 << 20)[2][0] == 1002


def test_what_came_whole_before_a_violation_is_still_heard():
    items, over, violation = read([frame(TEXT, b"first") + frame(TEXT, b"\xff")])
    assert (items, over, violation[0]) == (["first"], True, 1007)


def test_nothing_is_read_after_a_close():
    items, over, violation = read([frame(CLOSE, b"\x03\xe8bye") + frame(TEXT, b"more"), b"\xff"])
    assert (items, over, violation) == ([Control(frames.CLOSE, b"\x03\xe8bye")], True, None)
    assert frames.answer_to(items[0]) == 1000


def test_the_limit_counts_the_fragments_together_and_what_is_only_announced():
    assert read([frame(TEXT, b"x" * LIMIT)])[2] is None
    assert read([frame(TEXT, b"", length=LIMIT + 1)[:4]])[2][0] == 1009
    first = frame(TEXT, b"x" * 200, final=False)
    assert read([first + frame(CONTINUATION, b"", length=LIMIT)[:4]])[2][0] == 1009
    assert read([first + frame(PING, b"?") + frame(CONTINUATION, b"x" * 100)])[2] is None


@pytest.mark.parametrize("reason", ["", "because", "ü" * 100])
def test_a_close_frame_is_never_too_long_nor_cut_inside_a_character(reason):
    ours = frames.close(1002, reason)
    assert len(ours) <= 127
    assert reason.startswith(ours[4:].decode())
