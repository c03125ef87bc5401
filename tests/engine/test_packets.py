"""What counts as a Socket.IO packet that a client may send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from socketio.packet import Packet

from chatapp.engine import packets


@pytest.mark.parametrize(
    "text",
    [
        "0",
        '0{"token":"x"}',
        "0/custom,",
        '0/custom,{"token":"x"}',
        "1",
        "1/custom,",
        '2["said"]',
        '2["said",1,{"a":[true]}]',
        '217["said"]',
        '2/custom,17["said"]',
        "317[]",
        '3/custom,17["heard",null]',
    ],
)
def test_what_the_protocol_knows_is_read(text):
    assert packets.read(text, Packet).packet_type == int(text[0])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "²",
        b'2["said"]',
        "4",
        '4{"message":"no"}',
        "7",
        "0abc",
        "0[]",
        '0"token"',
        "05",
        '1{"why":"so"}',
        "2",
        "2{}",
        "2[]",
        "2[1]",
        "2[null]",
        '2["connect"]',
        '2["disconnect","because"]',
        '2["connect_error"]',
        '2abc["said"]',
        '2["said"',
        f'2{2**53 + 1}["said"]',
        "2" + "9" * 200 + '["said"]',
        "2" + "[" * 30_000,
        "3[]",
        "317",
        "317{}",
        '51-["said",{"_placeholder":true,"num":0}]',
        "61-7[]",
        '29999999999-["said"]',
        '21-["said"]',
    ],
)
def test_anything_else_is_malformed(text):
    with pytest.raises(packets.Malformed):
        packets.read(text, Packet)


@given(some.text(alphabet='01234567/,-?[]{}":abt²\x00 \\', max_size=40))
def test_no_text_makes_anything_but_a_packet_or_malformed(text):
    try:
        packet = packets.read(text, Packet)
    except packets.Malformed:
        return
    assert packet.packet_type in range(4)
