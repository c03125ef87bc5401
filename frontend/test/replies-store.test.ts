import assert from "node:assert/strict";
import { test } from "node:test";
import type { Run } from "../protocol.js";
import { RepliesStore } from "../stores/replies-store.js";
import { FakeConnection, FakeRoom, settle } from "./fakes.js";

const RUN: Run = { id: "r1", room_id: "lobby", question_id: "q1", asker_id: "ada", attempt: 1, state: "running", place: 0 };
const BEGUN = { room_id: "lobby", run_id: "r1", question_id: "q1", asker_id: "ada", attempt: 1 };

async function watching(runs: Run[] = [], written = "") {
  const connection = new FakeConnection();
  connection.answer("assistant:watch", () => ({ ok: true, data: { runs } }));
  connection.answer("assistant:resume", ({ run_id, offset }) => {
    const text = [...server.written].slice(offset).join("");
    return { ok: true, data: { run: { ...RUN, id: run_id }, offset, text } };
  });
  const server = { written };
  const store = new RepliesStore(connection);
  store.watch("lobby");
  await settle();
  const grew = (offset: number, text: string) => connection.say("reply:grew", { room_id: "lobby", run_id: "r1", offset, text });
  return { connection, store, server, grew, texts: () => store.in("lobby").map(({ text }) => text) };
}

test("an answer grows by its pieces, each once, counted in code points", async () => {
  const { connection, grew, texts } = await watching();
  connection.say("reply:started", BEGUN);
  grew(0, "👍 so");
  grew(4, " it is");
  grew(4, " it is");
  grew(2, "so it is!");
  assert.deepEqual(texts(), ["👍 so it is!"]);
  assert.deepEqual(connection.asks("assistant:resume"), []);
});

test("a piece that was missed is asked for from where one stands", async () => {
  const { connection, grew, texts, server } = await watching();
  connection.say("reply:started", BEGUN);
  grew(0, "One ");
  server.written = "One two three";
  grew(8, "three");
  await settle();
  assert.deepEqual(connection.asks("assistant:resume"), [{ run_id: "r1", offset: 4 }]);
  assert.deepEqual(texts(), ["One two three"]);
});

test("after a reload everything written so far is there, and after a lost connection the rest", async () => {
  const { connection, texts, server } = await watching([RUN], "Written bef");
  assert.deepEqual(texts(), ["Written bef"]);
  connection.disconnect();
  server.written = "Written before and after";
  connection.reconnect();
  await settle();
  assert.deepEqual(connection.asks("assistant:resume").at(-1), { run_id: "r1", offset: 11 });
  assert.deepEqual(texts(), ["Written before and after"]);
});

test("an end that says more than one holds brings the rest", async () => {
  const { connection, grew, texts, store, server } = await watching();
  connection.say("reply:started", BEGUN);
  grew(0, "All");
  server.written = "All of it";
  connection.say("reply:ended", { room_id: "lobby", run_id: "r1", outcome: "done", length: 9 });
  await settle();
  assert.deepEqual(texts(), ["All of it"]);
  assert.equal(store.in("lobby")[0]?.ended, true);
});

test("an end without a message leaves nothing to see", async () => {
  const { connection, grew, texts } = await watching();
  connection.say("reply:started", BEGUN);
  grew(0, "Half");
  connection.say("reply:ended", { room_id: "lobby", run_id: "r1", outcome: "failed", length: null });
  assert.deepEqual(texts(), []);
});

test("whoever takes over before the first word begins again", async () => {
  const { connection, grew, texts } = await watching();
  connection.say("reply:started", BEGUN);
  grew(0, "lost");
  connection.say("reply:started", BEGUN);
  grew(0, "found");
  assert.deepEqual(texts(), ["found"]);
});

test("a question waits in its order from the moment it is said, whoever tells it first", async () => {
  const { connection, store } = await watching([{ ...RUN, id: "r0" }]);
  const log = new FakeRoom(connection);
  const question = log.append("message:created", "bob", { body: "And?", mentions: [], asks: true });
  connection.sayEvent(question);
  connection.say("reply:waiting", { ...BEGUN, run_id: question.id, question_id: question.id });
  assert.deepEqual(store.in("lobby").map(({ id, state }) => [id, state]), [["r0", "running"], [question.id, "waiting"]]);
});

test("of other rooms nothing is kept, and another room begins empty", async () => {
  const { connection, store } = await watching([RUN]);
  connection.say("reply:started", { ...BEGUN, room_id: "hall", run_id: "r9" });
  assert.equal(store.in("lobby").length, 1);
  connection.answer("assistant:watch", () => ({ ok: true, data: { runs: [] } }));
  store.watch("hall");
  assert.deepEqual(store.in("lobby"), []);
  assert.deepEqual(store.in("hall"), []);
});

test("asked again it waits like any other", async () => {
  const { connection, store } = await watching();
  connection.answer("assistant:retry", () => ({ ok: true, data: { run: { ...RUN, id: "r2", attempt: 2, state: "waiting" } } }));
  assert.equal((await store.retry("r1")).ok, true);
  assert.deepEqual(store.in("lobby").map(({ id, attempt }) => [id, attempt]), [["r2", 2]]);
});

test("what is heard while one asks who is waiting is newer than the answer", async () => {
  const { connection, store, grew, texts } = await watching();
  let answerWatch: (() => void) | undefined;
  connection.answer("assistant:watch", () => new Promise((done) => (answerWatch = () => done({ ok: true, data: { runs: [] } }))));
  connection.disconnect();
  connection.reconnect();
  connection.say("reply:started", BEGUN);
  grew(0, "Heard.");
  answerWatch!();
  await settle();
  assert.deepEqual(texts(), ["Heard."]);
  assert.equal(store.in("lobby").length, 1);
});

test("a piece of an unknown answer, heard while one asks, makes one ask again", async () => {
  const { connection, server, grew, texts } = await watching();
  let answerWatch: (() => void) | undefined;
  connection.answer("assistant:watch", () => new Promise((done) => (answerWatch = () => done({ ok: true, data: { runs: [] } }))));
  connection.disconnect();
  connection.reconnect();
  server.written = "All of it";
  grew(0, "All");
  connection.answer("assistant:watch", () => ({ ok: true, data: { runs: [RUN] } }));
  answerWatch!();
  await settle();
  assert.deepEqual(texts(), ["All of it"]);
});

test("what ended while one asks who is waiting does not begin again", async () => {
  const waiting: Run = { ...RUN, state: "waiting" };
  const { connection, store } = await watching([waiting]);
  let answerWatch: (() => void) | undefined;
  const runs = [waiting, { ...waiting, id: "r2" }, { ...RUN, id: "r3" }];
  connection.answer("assistant:watch", () => new Promise((done) => (answerWatch = () => done({ ok: true, data: { runs } }))));
  connection.disconnect();
  connection.reconnect();
  connection.say("reply:ended", { room_id: "lobby", run_id: "r1", outcome: "stopped", length: null });
  connection.say("reply:ended", { room_id: "lobby", run_id: "r3", outcome: "done", length: 12 });
  answerWatch!();
  await settle();
  assert.deepEqual(store.in("lobby").map(({ id }) => id), ["r2"]);
});
