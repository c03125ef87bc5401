"""Flask-SocketIO on eventlet's own server, as its documentation has it."""

import eventlet

eventlet.monkey_patch()

import itertools
import os
import sys
from datetime import UTC, datetime

from flask import Flask, request
from flask_socketio import SocketIO, emit, join_room, rooms

app = Flask(__name__)
socketio = SocketIO(
    app, async_mode="eventlet", message_queue=os.environ["REDIS_URL"], transports=["websocket"]
)
count = itertools.count(1)


@app.get("/ready")
def ready():
    return "ready"


@socketio.on("room:resume")
def resume(data):
    join_room(data["room_id"])
    return {"ok": True}


@socketio.on("message:send")
def send(data):
    if data["room_id"] not in rooms(request.sid):
        return {"ok": False}
    event = {**data, "id": f"{os.getpid()}-{next(count)}", "at": datetime.now(UTC).isoformat()}
    emit("message:created", event, to=data["room_id"])
    return {"ok": True, "data": event}


if __name__ == "__main__":
    socketio.run(app, host="127.0.0.1", port=int(sys.argv[1]))
