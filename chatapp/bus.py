"""What the server says unasked: one function per server event, and the only emit().

Two roads. `tell` speaks to this worker's own clients, for what every worker reads from the shard
logs by itself. The others go through the message queue to all workers, and carry only what may be
lost.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app
from flask_socketio import SocketIO

from chatapp import engine
from chatapp.types import Caller, Head, Person, Room, Run, State

QUEUE_CHANNEL = "chatapp"
# What a client may hear half a second later, with more of it: when a worker's people come back
# after a restart, each of them is told of all the others.
_UNHURRIED = ("presence:changed", "room:head")


def init_app(app: Flask) -> None:
    """Until the sockets door opens, we can speak to the queue but not listen."""
    app.extensions["socketio"] = voice = SocketIO()
    # Without init_app there would be no server to say anything through; with the app there would be
    # two of them in the web.
    voice.init_app(None, client_manager=queue(app, write_only=True), async_mode="threading")


def queue(app: Flask, *, write_only: bool) -> Any:
    """The message queue between processes, and who hears what in this one."""
    return engine.manager(
        app.config["REDIS_URL"] if app.config["SOCKET_QUEUE"] else None,
        fast=app.config["FAST_ENGINE"] and not write_only,
        unhurried=_UNHURRIED,
        channel=QUEUE_CHANNEL,
        write_only=write_only,
        patience=app.config["REDIS_TIMEOUT"],
    )


def tell(kind: str, room: Room, json: str, *extra_channels: str) -> None:
    """A durable event, as the log has it, to this worker's members of the room."""
    # Past flask_socketio and the server, which would only hand it on, in 2 µs: this is every message.
    rooms = engine.app_at_hand().extensions["socketio"].server.manager
    to = [room.channel, *extra_channels]
    rooms.emit(kind, engine.Fragment(json), namespace="/", room=to, ignore_queue=True)


def room_head(room: Room, head: Head) -> None:
    payload = {"room_id": room.id, "epoch": head.epoch, "seq": head.seq, "applied": head.applied}
    _emit("room:head", payload, to=room.channel, ignore_queue=True)


def connection_stale(stale: bool) -> None:
    """To all of this worker's clients: it has lost sight of the logs, or has them again."""
    _emit("connection:stale", {"stale": stale}, to=None, ignore_queue=True)


def room_reset(room: Room, epoch: str) -> None:
    _emit("room:reset", {"room_id": room.id, "epoch": epoch}, to=room.channel, ignore_queue=True)


def typing_started(room: Room, caller: Caller, *, skip_sid: str) -> None:
    _emit(
        "typing:started",
        {"room_id": room.id, "user_id": caller.user_id},
        to=room.channel,
        skip_sid=skip_sid,
    )


def typing_stopped(room: Room, caller: Caller, *, skip_sid: str) -> None:
    _emit(
        "typing:stopped",
        {"room_id": room.id, "user_id": caller.user_id},
        to=room.channel,
        skip_sid=skip_sid,
    )


def read_moved(caller: Caller, room: Room, *, seq: int, unread: int, mentions: int) -> None:
    payload = {"room_id": room.id, "seq": seq, "unread": unread, "mentions": mentions}
    _emit("read:moved", payload, to=user_channel(caller.tenant_id, caller.user_id))


def reply_waiting(run: Run) -> None:
    _emit("reply:waiting", _of(run), to=run.room.channel)


def reply_started(run: Run) -> None:
    _emit("reply:started", _of(run), to=run.room.channel)


def reply_grew(run: Run, *, offset: int, text: str) -> None:
    payload = {"room_id": run.room_id, "run_id": run.id, "offset": offset, "text": text}
    _emit("reply:grew", payload, to=run.room.channel)


def reply_ended(run: Run, *, outcome: str, length: int | None) -> None:
    payload = {"room_id": run.room_id, "run_id": run.id, "outcome": outcome, "length": length}
    _emit("reply:ended", payload, to=run.room.channel)


def _of(run: Run) -> dict[str, object]:
    return {
        "room_id": run.room_id,
        "run_id": run.id,
        "question_id": run.question_id,
        "asker_id": run.asker_id,
        "attempt": run.attempt,
    }


def presence_changed(tenant_id: str, user_id: str, state: State) -> None:
    _emit("presence:changed", {"user_id": user_id, "state": state}, to=people_channel(tenant_id))


def presence_is(tenant_id: str, user_id: str, state: State) -> None:
    """The same, to this worker's own clients, in case the queue lost it."""
    payload = {"user_id": user_id, "state": state}
    _emit("presence:changed", payload, to=people_channel(tenant_id), ignore_queue=True)


def person_changed(tenant_id: str, person: Person) -> None:
    """To this worker's own clients: every worker hears of it from the control log."""
    payload = {
        "id": person.id,
        "name": person.name,
        "role": person.role,
        "disabled": person.disabled,
    }
    _emit("person:changed", payload, to=people_channel(tenant_id), ignore_queue=True)


def error(sid: str, error: object) -> None:
    """To a client that will not be answered, because it did not ask."""
    _emit("error", error, to=sid, ignore_queue=True)


def server_closing(sid: str, delay: float) -> None:
    _emit("server:closing", {"delay": round(delay, 2)}, to=sid, ignore_queue=True)


def session_ended(sid: str, reason: str) -> None:
    _emit("session:ended", {"reason": reason}, to=sid, ignore_queue=True)


def hang_up(sid: str, *, for_good: bool = True) -> None:
    """Close a connection of this worker, once it has read what was said to it.

    A client that was told "for good" does not connect again by itself. Not waited for: a slow
    reader, or a slow Redis, would keep the next one here.
    """
    socketio = current_app.extensions["socketio"]
    socketio.start_background_task(_hang_up, socketio.server, sid, for_good)


def _hang_up(server: Any, sid: str, for_good: bool) -> None:
    engine_sid = server.manager.eio_sid_from_sid(sid, "/")
    if for_good:
        server.disconnect(sid, ignore_queue=True)
    if engine_sid is not None:
        server.eio.disconnect(engine_sid)


def join(sid: str, channel: str) -> None:
    """Let one of this worker's connections hear a channel."""
    current_app.extensions["socketio"].server.enter_room(sid, channel, namespace="/")


def leave(sid: str, channel: str) -> None:
    current_app.extensions["socketio"].server.leave_room(sid, channel, namespace="/")


def user_channel(tenant_id: str, user_id: str) -> str:
    """Where the server speaks to a person, in all their tabs."""
    return f"{tenant_id}:user:{user_id}"


def people_channel(tenant_id: str) -> str:
    """Where the server speaks to everybody of a workspace."""
    return f"{tenant_id}:workspace:people"


def _emit(event: str, payload: object, *, to: Any, **how: Any) -> None:
    current_app.extensions["socketio"].emit(event, payload, to=to, **how)
