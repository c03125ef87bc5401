import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Answer, EventOf, Failure } from "../protocol.js";
import { Outbox, retryAfter } from "../stores/outbox.js";
import { IndexedDbOutbox } from "../stores/outbox-storage.js";
import { uuid7 } from "../stores/uuid7.js";
import { FakeConnection, FakeRoom, MemoryOutbox, settle } from "./fakes.js";

type Sent = EventOf<"message:created"> & { duplicate: boolean };

function outbox(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const connection = new FakeConnection();
  const log = new FakeRoom(connection);
  const storage = new MemoryOutbox();
  const box = new Outbox("lobby", "ada", connection, storage, () => {});
  const pass = async (seconds: number) => {
    t.mock.timers.tick(seconds * 1000);
    await settle();
  };
  return { connection, log, storage, box, pass };
}

function refuse(connection: FakeConnection, error: Partial<Failure>): void {
  const whole = { code: "busy", message: "", retryable: true, ...error };
  connection.answer("message:send", () => ({ ok: false, error: whole }));
}

function sent(connection: FakeConnection): string[] {
  return connection.asks("message:send").map((ask) => (ask as { body: string }).body);
}

test("one message is in flight at a time, in the order written", async (t) => {
  const { connection, log, box } = outbox(t);
  const held: ((answer: Answer<Sent>) => void)[] = [];
  connection.answer("message:send", () => new Promise((resolve) => held.push(resolve)));

  box.add("one");
  box.add("two");
  await settle();
  assert.deepEqual(sent(connection), ["one"]);

  held[0]!({ ok: true, data: { ...log.said("ada", "one", "c-0000001"), duplicate: false } });
  await settle();
  assert.deepEqual(sent(connection), ["one", "two"]);
});

test("a busy server is tried again with the same name, later and later", async (t) => {
  const { connection, box, pass } = outbox(t);
  refuse(connection, { code: "busy" });
  box.add("hello");
  await settle();
  for (const seconds of [1, 2, 4]) await pass(seconds);

  const names = connection.asks("message:send").map((ask) => (ask as { client_id: string }).client_id);
  assert.equal(names.length, 4);
  assert.equal(new Set(names).size, 1);
  assert.equal(box.pending[0]?.status, "sending");
});

test("the pauses are 1, 2, 4 … 30 s, with jitter", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 9].map((attempt) => retryAfter(attempt, () => 1)), [1, 2, 4, 8, 16, 30, 30]);
  assert.deepEqual([0, 5].map((attempt) => retryAfter(attempt, () => 0)), [0.5, 15]);
});

test("a server that says when is not asked before", async (t) => {
  const { connection, box, pass } = outbox(t);
  refuse(connection, { code: "too_fast", retry_after: 10 });
  box.add("hello");
  await settle();
  await pass(9);
  assert.equal(sent(connection).length, 1);
  await pass(1);
  assert.equal(sent(connection).length, 2);
});

test("a refusal is shown, the next message goes on, and one can try again or give up", async (t) => {
  const { connection, log, box, storage } = outbox(t);
  connection.answer("message:send", ({ body, client_id }) =>
    body === "bad"
      ? { ok: false, error: { code: "too_large", message: "Too long.", retryable: false } }
      : { ok: true, data: { ...log.said("ada", body, client_id), duplicate: false } },
  );
  const bad = box.add("bad");
  box.add("good");
  await settle();
  assert.deepEqual(box.pending.map((entry) => [entry.body, entry.status]), [["bad", "failed"], ["good", "sent"]]);
  assert.equal(box.pending[0]?.error?.message, "Too long.");

  box.retry(bad);
  await settle();
  assert.deepEqual(sent(connection), ["bad", "good", "bad"]);

  box.discard(bad);
  assert.deepEqual(box.pending.map((entry) => entry.body), ["good"]);
  assert.equal(storage.entries.has(bad), false);
});

test("what is written offline is kept, and sent once on connecting", async (t) => {
  const { connection, log, box } = outbox(t);
  connection.disconnect();
  box.add("offline");
  await settle();
  assert.deepEqual(sent(connection), []);

  connection.reconnect();
  await settle();
  assert.deepEqual(log.messages.map(({ body }) => body), ["offline"]);
});

test("an answer lost on the way does not make a second message", async (t) => {
  const { connection, log, box, pass } = outbox(t);
  let first = true;
  connection.answer("message:send", ({ body, client_id }) => {
    const before = log.messages.find((message) => message.client_id === client_id);
    if (!before) log.said("ada", body, client_id);
    if (first) return (first = false), { ok: false, error: { code: "busy", message: "", retryable: true } };
    return { ok: true, data: { ...(log.events[0] as Sent), duplicate: true } };
  });
  box.add("once");
  await settle();
  await pass(1);
  assert.equal(sent(connection).length, 2);
  assert.deepEqual(log.messages.map(({ body }) => body), ["once"]);
  assert.equal(box.pending[0]?.status, "sent");
});

test("a message is let go of when the record has it, not before", async (t) => {
  const { box, storage } = outbox(t);
  box.add("hello");
  await settle();
  box.recorded("e1", 0);
  assert.equal(storage.entries.size, 1);
  box.recorded("other", 5);
  assert.equal(storage.entries.size, 1);
  box.recorded("e1", 1);
  assert.equal(storage.entries.size, 0);
});

test("what another life of the log has already is not said for ever", async (t) => {
  const { connection, log, box, storage } = outbox(t);
  const old = { ...log.said("ada", "hello", "c-0000001"), duplicate: true };
  box.epochIs("e1");
  box.add("hello");
  await settle();
  connection.answer("message:send", () => ({ ok: true, data: old }));
  box.epochIs("e2");
  await settle();
  box.epochIs("e2");
  await settle();
  assert.equal(sent(connection).length, 2);
  assert.deepEqual(box.pending, []);
  assert.equal(storage.entries.size, 0);
});

test("what waits is said at once when the server sees the logs again", async (t) => {
  const { connection, log, box, pass } = outbox(t);
  refuse(connection, { code: "busy" });
  box.add("hello");
  await settle();
  for (const seconds of [1, 2, 4]) await pass(seconds);
  connection.stale(true);
  connection.answer("message:send", ({ client_id, body }) => ({
    ok: true,
    data: { ...log.said("ada", body, client_id), duplicate: false },
  }));
  await settle();
  assert.equal(box.pending[0]?.status, "sending");
  connection.stale(false);
  await settle();
  assert.equal(box.pending[0]?.status, "sent");
});

test("what a closed tab left behind is sent before what is written now", async (t) => {
  const { connection, box } = outbox(t);
  connection.disconnect();
  box.add("now");
  const left = { room_id: "lobby", client_id: "c-before", body: "before", at: "", user_id: "ada", acknowledged: null };
  box.restore([left]);
  connection.reconnect();
  await settle();
  assert.deepEqual(sent(connection), ["before", "now"]);
});

test("the outbox survives a reload, in order, and is each person's own", async () => {
  const entry = { room_id: "lobby", body: "", at: "", acknowledged: null };
  const ids = [uuid7(), uuid7(), uuid7()];
  const before = new IndexedDbOutbox("test");
  await before.put({ ...entry, client_id: ids[1]!, user_id: "ada", body: "second" });
  await before.put({ ...entry, client_id: ids[0]!, user_id: "ada", body: "first" });
  await before.put({ ...entry, client_id: ids[2]!, user_id: "bob", body: "bob's" });

  const after = new IndexedDbOutbox("test");
  assert.deepEqual((await after.all("ada")).map(({ body }) => body), ["first", "second"]);

  await after.delete(ids[0]!);
  assert.deepEqual((await after.all("ada")).map(({ body }) => body), ["second"]);
});

test("names are UUIDv7, and sort in the order they were made", () => {
  const names = Array.from({ length: 50 }, () => uuid7());
  for (const name of names) assert.match(name, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual([...names].sort(), names);
  const at = Number.parseInt(names[0]!.replace("-", "").slice(0, 12), 16);
  assert.ok(Math.abs(at - Date.now()) < 5_000);
});
