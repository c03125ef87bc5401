"""What a client puts on the wire, byte by byte; it may break every rule."""

from __future__ import annotations

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
MASK = b"\x17\x2a\x00\xff"


def frame(opcode, payload=b"", *, final=True, reserved=0, mask=MASK, length=None):
    """As a client sends it; `length` may lie."""
    size = len(payload) if length is None else length
    head = bytes(((0x80 if final else 0) | reserved | opcode,))
    marked = 0x80 if mask else 0
    if size < 126:
        head += bytes((marked | size,))
    elif size < 65536:
        head += bytes((marked | 126,)) + size.to_bytes(2, "big")
    else:
        head += bytes((marked | 127,)) + size.to_bytes(8, "big")
    if not mask:
        return head + payload
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
