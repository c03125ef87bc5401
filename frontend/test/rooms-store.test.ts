import assert from "node:assert/strict";
import { test } from "node:test";
import type { Room } from "../protocol.js";
import { RoomsStore } from "../stores/rooms-store.js";
import { FakeConnection, FakeRoom, room, settle } from "./fakes.js";

async function following(...rooms: Room[]) {
  const connection = new FakeConnection();
  connection.answer("room:follow", ({ room_ids }) => ({
    ok: true,
    data: { rooms: rooms.filter(({ id }) => !room_ids || room_ids.includes(id)), next: null },
  }));
  connection.answer("room:read", ({ seq }) => ({ ok: true, data: { seq, unread: 0, mentions: 0 } }));
  const store = new RoomsStore(connection, "ada");
  await settle();
  return { connection, store, rooms };
}

function counts(store: RoomsStore, id = "lobby"): [unread: number, mentions: number] {
  const { unread, mentions } = store.get(id)!;
  return [unread, mentions];
}

test("what others say counts as unread, what names us as a mention, what we say as neither", async () => {
  const { connection, store } = await following(room("lobby"));
  const log = new FakeRoom(connection);
  connection.sayEvent(log.said("bob", "one"));
  connection.sayEvent(log.append("message:created", "bob", { body: "@Ada Lovelace", mentions: ["ada"] }));
  connection.sayEvent(log.said("ada", "mine"));
  assert.deepEqual(counts(store), [2, 1]);
});

test("an event heard twice counts once", async () => {
  const { connection, store } = await following(room("lobby"));
  const event = new FakeRoom(connection).said("bob", "one");
  connection.sayEvent(event);
  connection.sayEvent(event);
  assert.deepEqual(counts(store), [1, 0]);
});

test("reading shows at once and is told once", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { connection, store } = await following(room("lobby", { seq: 5, unread: 3, mentions: 1 }));
  store.read("lobby", 5);
  assert.deepEqual(counts(store), [0, 0]);
  store.read("lobby", 5);
  store.read("lobby", 4);
  await settle();
  assert.deepEqual(connection.asks("room:read"), [{ room_id: "lobby", seq: 5 }]);
});

test("in a busy room reading is told once a second, and the last of it always", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { connection, store } = await following(room("lobby", { seq: 9 }));
  for (const seq of [1, 2, 3]) store.read("lobby", seq);
  await settle();
  t.mock.timers.tick(1_000);
  await settle();
  const told = connection.asks("room:read").map((ask) => (ask as { seq: number }).seq);
  assert.deepEqual(told, [1, 3]);
});

test("what was read while the connection broke is told by the next one", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { connection, store } = await following(room("lobby", { seq: 5, unread: 3 }));
  connection.disconnect();
  store.read("lobby", 5);
  await settle();
  connection.reconnect();
  await settle();
  assert.deepEqual(connection.asks("room:read"), [{ room_id: "lobby", seq: 5 }]);
  assert.deepEqual(counts(store), [0, 0]);
});

test("reading in one tab empties the badge of the other", async () => {
  const { connection, store } = await following(room("lobby", { unread: 3 }));
  connection.say("read:moved", { room_id: "lobby", seq: 9, unread: 1, mentions: 0 });
  assert.deepEqual(counts(store), [1, 0]);
});

test("a skipped number makes us ask the server for its count", async () => {
  const { connection, store, rooms } = await following(room("lobby"));
  const log = new FakeRoom(connection);
  log.said("bob", "unheard");
  rooms[0] = room("lobby", { seq: 2, unread: 2 });
  connection.sayEvent(log.said("bob", "heard"));
  await settle();
  assert.deepEqual(counts(store), [2, 0]);
});

test("a head ahead of us does the same", async () => {
  const { connection, store, rooms } = await following(room("lobby"));
  rooms[0] = room("lobby", { seq: 4, unread: 4 });
  connection.say("room:head", { room_id: "lobby", epoch: "e1", seq: 4, applied: 4 });
  await settle();
  assert.deepEqual(counts(store), [4, 0]);
});

test("being invited brings the room, being removed takes it away", async () => {
  const { connection, store, rooms } = await following();
  rooms.push(room("secret"));
  const log = new FakeRoom(connection, "secret");
  connection.sayEvent(log.append("member:joined", "bob", { user_id: "ada", role: "member" }));
  await settle();
  assert.ok(store.get("secret"));

  connection.sayEvent(log.append("member:left", "bob", { user_id: "ada" }));
  assert.equal(store.get("secret"), undefined);
});

test("somebody else's coming and going changes nothing here", async () => {
  const { connection, store } = await following(room("lobby"));
  const log = new FakeRoom(connection);
  connection.sayEvent(log.append("member:left", "bob", { user_id: "bob" }));
  assert.ok(store.get("lobby"));
});

test("a new name, topic, role and an archiving arrive", async () => {
  const { connection, store } = await following(room("lobby"));
  const log = new FakeRoom(connection);
  connection.sayEvent(log.append("room:changed", "bob", { name: "hall", topic: "news" }));
  connection.sayEvent(log.append("member:changed", "bob", { user_id: "ada", role: "admin" }));
  connection.sayEvent(log.append("room:archived", "bob", {}));
  const { name, topic, role, archived } = store.get("lobby")!;
  assert.deepEqual([name, topic, role, archived], ["hall", "news", "admin", true]);
});

test("a reconnect begins with the server's counts", async () => {
  const { connection, store, rooms } = await following(room("lobby"));
  connection.disconnect();
  rooms[0] = room("lobby", { seq: 7, unread: 7 });
  connection.reconnect();
  await settle();
  assert.deepEqual(counts(store), [7, 0]);
});

test("a room one makes is there before the server says so to everybody", async () => {
  const { connection, store } = await following();
  connection.answerCall("POST", "/rooms", room("new"));
  const answer = await store.create({ kind: "public", name: "new" });
  assert.ok(answer.ok);
  assert.ok(store.get("new"));
});

test("more rooms than one answer has are read to the end, and those we left are gone", async () => {
  const connection = new FakeConnection();
  const pages = new Map([
    [undefined, { rooms: [room("attic")], next: "attic" }],
    ["attic", { rooms: [room("lobby")], next: null }],
  ]);
  connection.answer("room:follow", ({ cursor }) => ({ ok: true, data: pages.get(cursor)! }));
  const store = new RoomsStore(connection, "ada");
  await settle();
  assert.deepEqual(store.all.map(({ id }) => id), ["attic", "lobby"]);

  pages.set("attic", { rooms: [room("hall")], next: null });
  await store.follow();
  assert.deepEqual(store.all.map(({ id }) => id), ["attic", "hall"]);
});
