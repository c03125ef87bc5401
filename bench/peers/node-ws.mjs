// ws and ioredis, as little as a chat can be: node node-ws.mjs PORT REDIS_URL
// It speaks just enough of Socket.IO's wire for the generator.
import { createServer } from "node:http";
import Redis from "ioredis";
import { WebSocketServer } from "ws";

const [port, url] = process.argv.slice(2);
const publisher = new Redis(url);
const subscriber = new Redis(url);
const rooms = new Map();
const http = createServer((_request, response) => response.end("ready"));
const server = new WebSocketServer({ server: http, perMessageDeflate: false });
let count = 0;

subscriber.on("message", (room, text) => {
  for (const client of rooms.get(room) ?? []) client.send(text);
});

function join(client, room) {
  if (!rooms.has(room)) {
    rooms.set(room, new Set());
    subscriber.subscribe(room);
  }
  rooms.get(room).add(client);
  client.rooms.add(room);
}

server.on("connection", (client) => {
  client.rooms = new Set();
  client.send('0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000}');
  client.on("message", (data) => {
    const text = data.toString();
    if (text.startsWith("40")) return client.send('40{"sid":"x"}');
    if (!text.startsWith("42")) return;
    const start = text.indexOf("[");
    const number = text.slice(2, start);
    const [event, { room_id, client_id, body }] = JSON.parse(text.slice(start));
    if (event === "room:resume") {
      join(client, room_id);
      return client.send(`43${number}[{"ok":true}]`);
    }
    if (!client.rooms.has(room_id)) return client.send(`43${number}[{"ok":false}]`);
    const said = { room_id, id: `${process.pid}-${++count}`, at: new Date().toISOString(), client_id, body };
    publisher.publish(room_id, `42["message:created",${JSON.stringify(said)}]`);
    client.send(`43${number}[{"ok":true,"data":${JSON.stringify(said)}}]`);
  });
  client.on("close", () => {
    for (const room of client.rooms) {
      const members = rooms.get(room);
      members.delete(client);
      if (members.size === 0) {
        rooms.delete(room);
        subscriber.unsubscribe(room);
      }
    }
  });
});
http.listen(Number(port), "127.0.0.1");
