"""RFC 6455 frames, as a server reads and writes them. Bytes in, messages out; no sockets here.

No extensions are negotiated, so every reserved bit is a violation.
"""

from __future__ import annotations

from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
NORMAL, PROTOCOL_ERROR, UNSUPPORTED, INVALID_TEXT, TOO_BIG = 1000, 1002, 1003, 1007, 1009

_SHORT_TEXT = [bytes((0x80 | TEXT, length)) for length in range(126)]
_NEVER_SENT = (1004, 1005, 1006)  # close codes that have a meaning, but none on the wire


class Violation(Exception):
    """The client broke the protocol; it is closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class Control(NamedTuple):
    """A PING, a PONG or a CLOSE. The payload of a CLOSE begins with a code that may be answered."""

    opcode: int
    payload: bytes


Item = str | bytes | Control  # a text message, a binary one, or a control frame between them


def frame(opcode: int, payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes((0x80 | opcode, length)) + payload
    if length < 65536:
        return bytes((0x80 | opcode, 126)) + length.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + length.to_bytes(8, "big") + payload


def text(payload: bytes) -> bytes:
    """A text frame; what nearly every frame is."""
    length = len(payload)
    return _SHORT_TEXT[length] + payload if length < 126 else frame(TEXT, payload)


def close(code: int, reason: str = "") -> bytes:
    said = reason.encode()[:123].decode(errors="ignore").encode()
    return frame(CLOSE, code.to_bytes(2, "big") + said)


def answer_to(closing: Control) -> int:
    """The code to answer a CLOSE with: the client's own."""
    return int.from_bytes(closing.payload[:2], "big") if closing.payload else NORMAL


class Reader:
    """What one client says, however the network cut it up.

    `limit` bounds a message in bytes, whatever its fragments; `fragments` bounds those. Nothing is
    read after a CLOSE or a violation; what came whole before is still handed out.
    """

    __slots__ = (
        "_fragments", "_have", "_kind", "_limit", "_need", "_parts", "_pieces", "_size", "over",
        "violation",
    )  # fmt: skip

    def __init__(self, *, limit: int, fragments: int = 1_000) -> None:
        self._limit, self._fragments = limit, fragments
        self._pieces: list[bytes] | None = None  # of a frame that has not come whole
        self._have = self._need = 0  # bytes of it; so many make sense together
        self._kind = CONTINUATION  # of the message that has not come whole; CONTINUATION: none
        self._parts: list[bytes] | None = None
        self._size = 0
        self.over = False
        self.violation: Violation | None = None

    def feed(self, data: bytes) -> list[Item]:
        """What came whole with these bytes, in order."""
        if self._pieces is None:
            if self._kind == CONTINUATION and not self.over:
                message = _one_short_text(data)
                if message is not None and len(data) <= self._limit:  # its header counted, too
                    return [message]
        else:
            self._pieces.append(data)
            self._have += len(data)
            if self._have < self._need:
                return []
            data, self._pieces = b"".join(self._pieces), None
        items: list[Item] = []
        try:
            self._read(data, items)
        except Violation as violation:
            self.over, self.violation = True, violation
        return items

    def _read(self, data: bytes, items: list[Item]) -> None:
        at, size = 0, len(data)
        while at < size and not self.over:
            start, length = self._header(data, at, size)
            end = start + length
            if end > size:
                self._pieces, self._have, self._need = [data[at:]], size - at, end - at
                return
            payload = unmask(data[start:end], data[start - 4 : start])
            self._take(data[at], payload, items)
            at = end

    def _header(self, data: bytes, at: int, size: int) -> tuple[int, int]:
        """Where the payload begins and how long it is: beyond `size` when that is not known yet."""
        if size - at < 2:
            return at + 2, 0
        first, second = data[at], data[at + 1]
        length = second & 0x7F
        _check(first, second)
        start = at + 6
        if length > 125:
            start += 2 if length == 126 else 8
            if start - 4 > size:
                return start, 0
            short, length = length, int.from_bytes(data[at + 2 : start - 4], "big")
            if length < (126 if short == 126 else 65536):
                raise Violation(PROTOCOL_ERROR, "length not in its shortest form")
        if not first & 0x8 and length > self._limit - self._size:
            raise Violation(TOO_BIG, "message too big")
        return start, length

    def _take(self, first: int, payload: bytes, items: list[Item]) -> None:
        opcode = first & 0x0F
        if opcode & 0x8:
            self._control(opcode, payload, items)
            return
        if (opcode == CONTINUATION) != (self._kind != CONTINUATION):
            raise Violation(PROTOCOL_ERROR, "continuation out of place")
        if opcode:
            self._kind, self._parts, self._size = opcode, [], 0
        assert self._parts is not None
        self._parts.append(payload)
        self._size += len(payload)
        if len(self._parts) > self._fragments:
            raise Violation(TOO_BIG, "too many fragments")
        if first & 0x80:
            whole, kind = b"".join(self._parts), self._kind
            self._kind, self._parts, self._size = CONTINUATION, None, 0
            items.append(_text(whole) if kind == TEXT else whole)

    def _control(self, opcode: int, payload: bytes, items: list[Item]) -> None:
        if opcode == CLOSE:
            _check_close(payload)
            self.over = True
        items.append(Control(opcode, payload))


def unmask(payload: bytes, mask: bytes) -> bytes:
    """One XOR of two large integers: a loop over the bytes stops the worker for 680 ms per MB."""
    length = len(payload)
    pattern = (mask * (length // 4 + 1))[:length]
    clear = int.from_bytes(payload, "little") ^ int.from_bytes(pattern, "little")
    return clear.to_bytes(length, "little")


def _one_short_text(data: bytes) -> str | None:
    """The message, when `data` is exactly one whole, masked text frame: nearly always."""
    size = len(data)
    if size < 7 or data[0] != 0x80 | TEXT:
        return None
    if size <= 131 and data[1] == size - 6 | 0x80:
        start = 6
    elif size >= 134 and data[1] == 0xFE and data[2] << 8 | data[3] == size - 8:
        start = 8
    else:
        return None
    try:
        return unmask(data[start:], data[start - 4 : start]).decode()
    except UnicodeDecodeError:
        return None  # the long way says what is wrong with it


def _check(first: int, second: int) -> None:
    """What the first two bytes of a frame show."""
    opcode = first & 0x0F
    if first & 0x70:
        raise Violation(PROTOCOL_ERROR, "reserved bits")
    if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
        raise Violation(PROTOCOL_ERROR, "unknown opcode")
    if not second & 0x80:
        raise Violation(PROTOCOL_ERROR, "unmasked frame")
    if opcode & 0x8 and (second & 0x7F > 125 or not first & 0x80):
        raise Violation(PROTOCOL_ERROR, "control frame too long or in fragments")


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise Violation(INVALID_TEXT, "invalid UTF-8") from None


def _check_close(payload: bytes) -> None:
    if not payload:
        return
    code = int.from_bytes(payload[:2], "big")
    allowed = 1000 <= code <= 1014 or 3000 <= code <= 4999
    if len(payload) == 1 or not allowed or code in _NEVER_SENT:
        raise Violation(PROTOCOL_ERROR, "invalid close code")
    _text(payload[2:])
