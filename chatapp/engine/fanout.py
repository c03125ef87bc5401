"""Who is in which room, and telling a room: python-socketio's managers, with plain dicts in "/".

A packet is encoded once, whoever hears it, and each member is handed the same bytes. Joining,
leaving and disconnecting cost what one member costs. Other namespaces, and emits that ask for an
acknowledgement, go the stock way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bidict import ValueDuplicationError
from socketio.manager import Manager

from chatapp.engine import frames, json, loop
from chatapp.engine.queue import Queue
from chatapp.engine.session import Session

_stock_emit = Manager.emit


class FanOut(Manager):
    """Rooms of this process alone."""

    unhurried: frozenset[str] = frozenset()  # events that may wait, see later.py

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._engine_sids: dict[str, str] = {}  # sid in "/" -> Engine.IO's sid
        self._sids: dict[str, str] = {}  # and back
        self._sessions: dict[str, Session] = {}  # sid in "/" -> its session
        self._members: dict[str, dict[str, Session]] = {}  # room -> sid -> session

    def emit(
        self,
        event: str,
        data: Any,
        namespace: str | None = None,
        room: Any = None,
        skip_sid: Any = None,
        callback: Any = None,
        to: Any = None,
        **kwargs: Any,
    ) -> None:
        room = to or room
        if callback is not None or (namespace or "/") != "/":
            _stock_emit(self, event, data, namespace, room, skip_sid, callback, **kwargs)
            return
        arguments = list(data) if isinstance(data, tuple) else [] if data is None else [data]
        frame = frames.text(b"42" + json.dump([event, *arguments]))
        members = self._listeners(room)
        if skip_sid:
            skipped = {skip_sid} if isinstance(skip_sid, str) else set(skip_sid)
            members = {sid: each for sid, each in members.items() if sid not in skipped}
        here = loop.current()
        tell = here.later.tell if event in self.unhurried else here.tell
        tell(members.values(), frame)
        here.deliveries += len(members)

    # --- what a manager is asked about "/" ------------------------------------------------------

    def basic_enter_room(self, sid: str, namespace: str, room: Any, eio_sid: Any = None) -> None:
        if namespace != "/":
            super().basic_enter_room(sid, namespace, room, eio_sid)
        elif room is None:
            self._enter(sid, eio_sid)
        elif room in self._engine_sids:
            if room != sid:
                raise ValueError("cannot enter a sid room")
        else:
            session = self._sessions[sid]
            session.rooms.add(room)
            self._members.setdefault(room, {})[sid] = session

    def basic_leave_room(self, sid: str, namespace: str, room: Any) -> None:
        if namespace != "/":
            super().basic_leave_room(sid, namespace, room)
        elif sid in self._sessions and room != sid:
            session = self._sessions[sid]
            session.rooms.discard(room)
            self._drop(sid, room)

    def basic_disconnect(self, sid: str, namespace: str, **kwargs: Any) -> None:
        if namespace != "/":
            super().basic_disconnect(sid, namespace, **kwargs)
            return
        session = self._sessions.pop(sid, None)
        if session is not None:
            for room in session.rooms:
                self._drop(sid, room)
            session.rooms, session.root = set(), None
            del self._sids[self._engine_sids.pop(sid)]
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            if sid in pending.get("/", ()):
                pending["/"].remove(sid)
                if not pending["/"]:
                    del pending["/"]
        if not self._engine_sids:
            self.rooms.pop("/", None)

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> Any:
        if namespace == "/":
            return self._sids.get(eio_sid)
        return super().sid_from_eio_sid(eio_sid, namespace)

    def is_sid_room(self, namespace: str, room: Any) -> bool:
        if namespace == "/":
            return room in self._engine_sids
        return bool(super().is_sid_room(namespace, room))

    def get_rooms(self, sid: str, namespace: str) -> list[Any]:
        if namespace != "/":
            return list(super().get_rooms(sid, namespace))
        session = self._sessions.get(sid)
        return [sid, *session.rooms] if session is not None else []

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[str, str]]:
        if namespace != "/":
            yield from super().get_participants(namespace, room)
            return
        for sid, session in list(self._listeners(room).items()):
            yield sid, session.sid

    # --- ours -----------------------------------------------------------------------------------

    def _enter(self, sid: str, engine_sid: str) -> None:
        if engine_sid in self._sids:
            raise ValueDuplicationError(engine_sid)
        # The stock methods that we keep look for this; they find it.
        self.rooms.setdefault("/", {None: self._engine_sids})
        self._engine_sids[sid], self._sids[engine_sid] = engine_sid, sid
        self._sessions[sid] = session = self.server.eio.sockets[engine_sid]
        session.root = sid

    def _drop(self, sid: str, room: Any) -> None:
        members = self._members.get(room)
        if members is not None and members.pop(sid, None) is not None and not members:
            del self._members[room]

    def _listeners(self, room: Any) -> dict[str, Session]:
        """A room's members, a sid's own session, those of several of them once, or everybody."""
        if isinstance(room, list | tuple) and len(room) == 1:
            room = room[0]
        if room is None:
            return self._sessions
        if isinstance(room, list | tuple):
            return {sid: each for one in room for sid, each in self._listeners(one).items()}
        if room in self._members:
            return self._members[room]
        return {room: self._sessions[room]} if room in self._sessions else {}


class QueuedFanOut(Queue, FanOut):
    """Rooms of all processes that share a queue: Queue decides what crosses it, FanOut tells
    our own members.
    """

    def emit(self, event: str, data: Any, *how: Any, **more: Any) -> None:
        tell = _tell_our_own if more.pop("ignore_queue", False) else _tell_everybody
        tell(self, event, data, *how, **more)


_tell_our_own, _tell_everybody = FanOut.emit, Queue.emit
