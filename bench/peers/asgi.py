"""python-socketio on uvicorn and uvloop, as its documentation has it."""

import itertools
import os
from datetime import UTC, datetime

import socketio

server = socketio.AsyncServer(
    async_mode="asgi",
    client_manager=socketio.AsyncRedisManager(os.environ["REDIS_URL"]),
    transports=["websocket"],
)
app = socketio.ASGIApp(server)
count = itertools.count(1)


@server.on("room:resume")
async def resume(sid, data):
    await server.enter_room(sid, data["room_id"])
    return {"ok": True}


@server.on("message:send")
async def send(sid, data):
    if data["room_id"] not in server.rooms(sid):
        return {"ok": False}
    event = {**data, "id": f"{os.getpid()}-{next(count)}", "at": datetime.now(UTC).isoformat()}
    await server.emit("message:created", event, to=data["room_id"])
    return {"ok": True, "data": event}
