import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Server, type Socket } from "socket.io";
import { type ConnectionState, pause, SocketConnection } from "../connection.js";

/** A real Socket.IO server on a free port, and a client that is closed with the test. */
async function serving(t: TestContext, welcome: (socket: Socket) => void = () => {}) {
  const http = createServer();
  const server = new Server(http, { transports: ["websocket"] });
  server.on("connection", welcome);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const connection = new SocketConnection(address, { token: "secret" });
  t.after(async () => {
    connection.close();
    await server.close();
  });
  return { server, connection };
}

function becomes(connection: SocketConnection, wanted: ConnectionState): Promise<void> {
  if (connection.state === wanted) return Promise.resolve();
  return new Promise((resolve) => connection.onState((state) => state === wanted && resolve()));
}

function refuseOnce(server: Server, code: string, more: object = {}): void {
  let refused = false;
  server.use((_socket, next) => {
    if (refused) return next();
    refused = true;
    next(Object.assign(new Error(code), { data: { code, message: "", retryable: true, ...more } }));
  });
}

test("asks and hears, with the token in the handshake and not in the address", async (t) => {
  const { connection, server } = await serving(t, (socket) => {
    socket.on("room:follow", (_ask, answer) => answer({ ok: true, data: { rooms: [], next: null } }));
    socket.emit("presence:changed", { user_id: "bob", state: "away" });
  });
  const said = new Promise((resolve) => connection.on("presence:changed", resolve));
  connection.open();
  await becomes(connection, "connected");

  assert.deepEqual(await connection.ask("room:follow", {}), { ok: true, data: { rooms: [], next: null } });
  assert.deepEqual(await said, { user_id: "bob", state: "away" });
  const [socket] = await server.fetchSockets();
  assert.deepEqual(socket?.handshake.auth, { token: "secret" });
  assert.ok(!socket?.handshake.url.includes("secret"));
});

test("not connected is busy at once, and no answer because the connection broke is busy too", async (t) => {
  const { connection } = await serving(t, (socket) => socket.on("room:follow", () => socket.disconnect(true)));
  assert.equal((await connection.ask("room:follow", {})).ok, false);
  connection.open();
  await becomes(connection, "connected");
  const answer = await connection.ask("room:follow", {});
  assert.equal(!answer.ok && answer.error.code, "busy");
});

test("a server that says when it is back is believed", async (t) => {
  let visits = 0;
  const { connection } = await serving(t, (socket) => {
    visits += 1;
    if (visits > 1) return;
    socket.emit("server:closing", { delay: 0.05 });
    socket.conn.close();
  });
  connection.open();
  await becomes(connection, "reconnecting");
  assert.equal(connection.restarting, true);
  await becomes(connection, "connected");
  assert.equal(visits, 2);
  assert.equal(connection.restarting, false);
});

test("a refusal that says when is followed, and the next knock lets us in", async (t) => {
  const { connection, server } = await serving(t);
  refuseOnce(server, "too_fast", { retry_after: 0.05 });
  connection.open();
  await becomes(connection, "connected");
});

test("nobody knocks again without a session", async (t) => {
  const { connection, server } = await serving(t);
  refuseOnce(server, "not_signed_in");
  connection.open();
  await becomes(connection, "ended");
  assert.equal(connection.endReason, "not_signed_in");
  assert.equal((await server.fetchSockets()).length, 0);
});

test("a session that ends is told, with the reason, and stays ended", async (t) => {
  const { connection } = await serving(t, (socket) => {
    socket.emit("session:ended", { reason: "password_changed" });
    socket.disconnect(true);
  });
  connection.open();
  await becomes(connection, "ended");
  assert.equal(connection.endReason, "password_changed");
  assert.equal(connection.connected, false);
});

test("a worker that lost sight of the logs is shown as reconnecting, until it is back", async (t) => {
  const { connection, server } = await serving(t);
  connection.open();
  await becomes(connection, "connected");
  server.emit("connection:stale", { stale: true });
  await becomes(connection, "stale");
  assert.equal(connection.connected, true);
  server.emit("connection:stale", { stale: false });
  await becomes(connection, "connected");
});

test("pauses have full jitter around 1, 2, 4 … and never exceed 30 s", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 9].map((attempt) => pause(attempt, () => 0.5)), [1, 2, 4, 8, 15, 15]);
  assert.equal(pause(9, () => 1), 30);
  assert.equal(pause(9, () => 0), 0);
});

test("a first connection that fails is reconnecting as well", async (t) => {
  const { connection, server } = await serving(t);
  refuseOnce(server, "busy", { retry_after: 0.05 });
  connection.open();
  await becomes(connection, "reconnecting");
  await becomes(connection, "connected");
});
