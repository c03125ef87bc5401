// Socket.IO as its documentation has it: node node-socketio.mjs PORT REDIS_URL pubsub|streams
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { createAdapter as createStreamsAdapter } from "@socket.io/redis-streams-adapter";
import Redis from "ioredis";
import { Server } from "socket.io";

const [port, url, kind] = process.argv.slice(2);
const redis = new Redis(url);
const adapter = kind === "streams" ? createStreamsAdapter(redis) : createAdapter(redis, redis.duplicate());
const http = createServer((_request, response) => response.end("ready"));
const io = new Server(http, { adapter, transports: ["websocket"] });
let count = 0;

io.on("connection", (socket) => {
  socket.on("room:resume", ({ room_id }, ack) => {
    socket.join(room_id);
    ack({ ok: true });
  });
  socket.on("message:send", ({ room_id, client_id, body }, ack) => {
    if (!socket.rooms.has(room_id)) return ack({ ok: false });
    const event = { room_id, id: `${process.pid}-${++count}`, at: new Date().toISOString(), client_id, body };
    io.to(room_id).emit("message:created", event);
    ack({ ok: true, data: event });
  });
});
http.listen(Number(port), "127.0.0.1");
