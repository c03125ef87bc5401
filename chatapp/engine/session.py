"""Engine.IO and Socket.IO over a line: what engineio.socket.Socket is on the plain path."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any

from engineio import packet as engine_packets

from chatapp.engine import frames, json
from chatapp.engine.frames import PROTOCOL_ERROR, UNSUPPORTED
from chatapp.engine.line import Line
from chatapp.engine.loop import Loop
from chatapp.engine.packets import Hardened, Malformed, is_event

log = logging.getLogger(__name__)

_PING = frames.text(b"2")
_CLOSE = frames.text(b"1")
_LONGEST_NUMBER = 15  # digits of an acknowledgement's number that need no second look


class Session(Line):
    """A client of one socketio.Server; what Engine.IO asks of a socket, it can do."""

    __slots__ = ("_door", "_reason", "closed", "pinged_at", "root", "rooms", "session", "sid")

    connected = upgraded = True
    upgrading = False

    def __init__(self, door: Hardened, loop: Loop, sid: str) -> None:
        super().__init__(loop, limit=door.engine.max_http_buffer_size)
        self._door = door
        self._reason: str | None = None  # why it ends, when it is known before the end
        self.sid = sid
        self.root: str | None = None  # Socket.IO's sid in the namespace "/", see fanout
        self.rooms: set[str] = set()  # there
        self.session: dict[str, Any] | None = None  # Engine.IO keeps it here for applications
        self.closed = False
        self.pinged_at = monotonic()  # or ponged: when it was last heard of, roughly

    # --- what Engine.IO asks of a socket --------------------------------------------------------

    def send(self, packet: Any) -> None:
        encoded = packet.encode()
        if isinstance(encoded, str):
            self.say(frames.text(encoded.encode()))
        else:
            self.say(frames.frame(frames.BINARY, encoded))

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """Say goodbye unless it is too late for that; then tell the application."""
        if self.closed:
            return
        self._reason = self._reason or reason or self._door.engine.reason.SERVER_DISCONNECT
        if not abort:
            self.say(_CLOSE)
        self.hang_up()

    def check_ping_timeout(self) -> bool:
        return not self.closed  # the sweeper does it

    # --- the line -------------------------------------------------------------------------------

    def hear(self, message: str | bytes) -> None:
        if not isinstance(message, str):
            self.hang_up(UNSUPPORTED, "binary is not spoken here")
        elif message == "3":
            self.pong()
        elif message == "1":
            self._reason = self._door.engine.reason.CLIENT_DISCONNECT
            self.hang_up()
        elif not self._is_common_event(message):
            self._hear_slowly(message)

    def gone(self) -> None:
        self.closed = True
        engine = self._door.engine
        reason = self._reason or engine.reason.TRANSPORT_CLOSE
        try:
            engine._trigger_event("disconnect", self.sid, reason, run_async=False)
        finally:
            engine.sockets.pop(self.sid, None)

    # --- the heartbeat, see pings ---------------------------------------------------------------

    def ping(self, now: float) -> None:
        self.pinged_at = -now  # negative: we wait for an answer
        self.say(_PING)

    def pong(self) -> None:
        if self.pinged_at < 0:
            self.pinged_at = monotonic()

    def time_out(self) -> None:
        self._reason = self._door.engine.reason.PING_TIMEOUT
        self.close(wait=False, reason=self._reason)

    # --- packets --------------------------------------------------------------------------------

    def _is_common_event(self, text: str) -> bool:
        """Handle `42…["event",…]` in "/" by the shortest way. False: not one, nothing was done."""
        if self.root is None or text[:2] != "42":
            return False
        start = text.find("[", 2, 3 + _LONGEST_NUMBER)
        number = text[2:start]
        if start < 0 or not (not number or (number.isdecimal() and number.isascii())):
            return False
        try:
            said = json.loads(text[start:])
        except (ValueError, RecursionError):
            return False
        server = self._door.server
        handler = server.handlers["/"].get(said[0]) if is_event(said) else None
        if handler is None or not server.manager.is_connected(self.root, "/"):
            return False
        try:
            answer = handler(self.root, *said[1:])
        except Exception:
            log.exception("event handler failed")
            return True
        if number:
            self._acknowledge(number, answer)
        return True

    def _acknowledge(self, number: str, answer: object) -> None:
        if answer is None:
            values: list[object] = []
        else:
            values = list(answer) if isinstance(answer, tuple) else [answer]
        self.say_soon(frames.text(b"43" + number.encode() + json.dump(values)))

    def _hear_slowly(self, text: str) -> None:
        """By way of the libraries, which know every kind of packet."""
        try:
            if text[:1] != "4" or len(text) < 2:
                raise Malformed("malformed packet")
            self._door.dispatch(self.sid, text[1:])
        except Malformed as reason:
            self._loop.malformed += 1
            log.debug("closed %s: %s", self.sid, reason)
            self.hang_up(PROTOCOL_ERROR, str(reason))
        except Exception:
            log.exception("event handler failed")


def opening(engine: Any) -> Callable[[str], bytes]:
    """What makes the frame that tells a client its sid and what is allowed."""
    packet = engine_packets.Packet(
        engine_packets.OPEN,
        {
            "sid": "<sid>",
            "upgrades": [],
            "pingTimeout": int(engine.ping_timeout * 1000),
            "pingInterval": int(engine.ping_interval * 1000),
            "maxPayload": engine.max_http_buffer_size,
        },
    )
    before, after = packet.encode().split("<sid>")
    return lambda sid: frames.text(f"{before}{sid}{after}".encode())
