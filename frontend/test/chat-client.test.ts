import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ChatClient } from "../chat-client.js";
import { ADA, FakeConnection, FakeRoom, MemoryOutbox, room, settle } from "./fakes.js";

async function chatting(t: TestContext, storage = new MemoryOutbox()) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.UTC(2026, 10, 23, 12) });
  const connection = new FakeConnection();
  const log = new FakeRoom(connection);
  connection.answer("room:follow", () => ({ ok: true, data: { rooms: [room("lobby", { epoch: log.epoch })], next: null } }));
  const draftStorage = { getItem: () => null, setItem: () => {}, removeItem: () => {} };
  const client = new ChatClient({ me: ADA, connection, outboxStorage: storage, draftStorage });
  client.open("lobby");
  await settle();
  return { client, connection, log, storage };
}

function bodies(client: ChatClient): string[] {
  return client.messages.map((line) => `${line.body} ${line.status}`);
}

test("sending shows the message at once, and as sent when the server has it", async (t) => {
  const { client } = await chatting(t);
  client.sendMessage("  hello  ");
  assert.deepEqual(bodies(client), ["hello sending"]);
  await settle();
  assert.deepEqual(bodies(client), ["hello sent"]);
});

test("blank is not sent", async (t) => {
  const { client, connection } = await chatting(t);
  client.sendMessage("  \n ");
  await settle();
  assert.deepEqual(connection.asks("message:send"), []);
});

test("what others say appears by itself", async (t) => {
  const { client, connection, log } = await chatting(t);
  connection.sayEvent(log.said("bob", "hi"));
  assert.deepEqual(bodies(client), ["hi sent"]);
});

test("it says whether it is connected or reconnecting", async (t) => {
  const { client, connection } = await chatting(t);
  assert.deepEqual([client.isConnected, client.isReconnecting], [true, false]);
  connection.disconnect();
  assert.deepEqual([client.isConnected, client.isReconnecting], [false, true]);
  connection.reconnect();
  assert.deepEqual([client.isConnected, client.isReconnecting], [true, false]);
});

test("it tells who is typing here, and who is online", async (t) => {
  const { client, connection } = await chatting(t);
  client.people.keep([{ id: "bob", name: "Bob", role: "member", disabled: false, presence: "offline" }]);
  connection.say("typing:started", { room_id: "lobby", user_id: "bob" });
  connection.say("typing:started", { room_id: "elsewhere", user_id: "cleo" });
  connection.say("presence:changed", { user_id: "bob", state: "active" });
  assert.deepEqual([...client.typingUsers], ["bob"]);
  assert.deepEqual([...client.onlineUsers].sort(), ["ada", "bob"]);
});

test("the room hears of typing every three seconds at most, and once of its end", async (t) => {
  const { client, connection } = await chatting(t);
  client.sendTyping(true);
  t.mock.timers.tick(2_999);
  client.sendTyping(true);
  assert.equal(connection.told.length, 1);
  t.mock.timers.tick(1);
  client.sendTyping(true);
  client.sendTyping(false);
  client.sendTyping(false);
  assert.deepEqual(connection.told.map(([event]) => event), ["typing:start", "typing:start", "typing:stop"]);
});

test("sending ends typing", async (t) => {
  const { client, connection } = await chatting(t);
  client.sendTyping(true);
  client.sendMessage("done");
  assert.deepEqual(connection.told.map(([event]) => event), ["typing:start", "typing:stop"]);
});

test("clearing takes the messages off this screen only", async (t) => {
  const { client, connection, log } = await chatting(t);
  connection.sayEvent(log.said("bob", "old"));
  client.clearMessages();
  assert.deepEqual(client.messages, []);
  assert.equal(log.messages.length, 1);
});

test("an error nobody asked for is there until it is dismissed", async (t) => {
  const { client, connection } = await chatting(t);
  assert.equal(client.error, null);
  connection.say("error", { code: "internal", message: "Something broke.", retryable: true });
  assert.equal(client.error, "Something broke.");
  client.dismissError();
  assert.equal(client.error, null);
});

test("what an earlier page could not send is sent by this one", async (t) => {
  const storage = new MemoryOutbox();
  const left = { room_id: "lobby", client_id: "c-0000001", body: "left", at: "2026-11-23T11:00:00Z", user_id: "ada" };
  await storage.put({ ...left, acknowledged: null });
  const { client, log } = await chatting(t, storage);
  assert.deepEqual(log.messages.map(({ body }) => body), ["left"]);
  assert.deepEqual(bodies(client), ["left sent"]);
});

test("what an earlier page saw acknowledged in a life of the log that is gone, is said again", async (t) => {
  const storage = new MemoryOutbox();
  const left = { room_id: "lobby", client_id: "c-0000001", body: "left", at: "2026-11-23T11:00:00Z", user_id: "ada" };
  await storage.put({ ...left, acknowledged: { epoch: "e0", seq: 7 } });
  const { log } = await chatting(t, storage);
  assert.deepEqual(log.messages.map(({ body }) => body), ["left"]);
});

test("removed from the open room, and let in again", async (t) => {
  const { client, connection, log } = await chatting(t);
  connection.sayEvent(log.append("member:left", "bob", { user_id: "ada" }));
  assert.equal(client.room?.state, "gone");
  connection.sayEvent(log.append("member:joined", "bob", { user_id: "ada", role: "member" }));
  await settle();
  assert.equal(client.room?.state, "ready");
});
