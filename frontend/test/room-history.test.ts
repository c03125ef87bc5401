import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { HistoryPage } from "../protocol.js";
import { RoomStore } from "../stores/room-store.js";
import { FakeConnection, FakeRoom, late, MemoryOutbox, pageOf, settle } from "./fakes.js";

/** A room in which 1000 messages were said; the newest 50 are loaded. */
async function longRoom(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const connection = new FakeConnection();
  const log = new FakeRoom(connection);
  for (let count = 0; count < 1000; count++) log.said("bob", "x");
  const store = new RoomStore({ roomId: "lobby", userId: "ada", connection, storage: new MemoryOutbox() });
  store.watch();
  await settle();
  const answer = (anchor: number, before: number, after: number, page: HistoryPage | Promise<HistoryPage>) =>
    connection.answerCall("GET", `/rooms/lobby/messages?anchor=${anchor}&before=${before}&after=${after}`, page);
  const around = (seq: number) => answer(seq, 50, 50, pageOf(seq - 49, seq + 51, true));
  const aroundLate = (seq: number) => {
    const page = late(pageOf(seq - 49, seq + 51, true));
    answer(seq, 50, 50, page.coming);
    return page;
  };
  return { connection, log, store, answer, around, aroundLate };
}

const ends = (store: RoomStore) => [store.lines[0]?.seq, store.lines.at(-1)?.seq];
const NEWEST = [951, 1000];

test("what was said before the first message is reached where that is the first", async (t) => {
  const { store, answer } = await longRoom(t);
  answer(1, 50, 50, pageOf(3, 53, false)); // the room's making and the first member's coming are numbered, too
  assert.equal(await store.history.reach(1), true);
  assert.deepEqual(ends(store), [3, 52]);
  assert.equal(await store.history.reach(1), true);
});

test("of two messages asked for the last is shown, whichever page comes first", async (t) => {
  const { store, around, aroundLate } = await longRoom(t);
  const { come } = aroundLate(300);
  around(600);
  const first = store.history.reach(300);
  assert.equal(await store.history.reach(600), true);
  await come();
  assert.equal(await first, null);
  assert.deepEqual(ends(store), [551, 650]);
});

test("who left the room before the page came finds it at its newest", async (t) => {
  const { store, aroundLate } = await longRoom(t);
  const { come } = aroundLate(300);
  const reached = store.history.reach(300);
  store.unwatch();
  await come();
  store.watch();
  assert.equal(await reached, null);
  assert.deepEqual([...ends(store), store.history.hasAfter], [...NEWEST, false]);
});

test("who said something before the page came stays with it", async (t) => {
  const { store, aroundLate } = await longRoom(t);
  const { come } = aroundLate(300);
  const reached = store.history.reach(300);
  store.send("mine");
  await come();
  assert.equal(await reached, null);
  assert.ok(store.lines.some(({ body }) => body === "mine"));
});

test("who went to the newest before the pages came is not scrolled up by them", async (t) => {
  const { store, answer } = await longRoom(t);
  const page = late(pageOf(851, 951, true));
  answer(951, 100, 0, page.coming);
  const reached = store.history.reach(900);
  store.history.latest();
  await page.come();
  assert.equal(await reached, null);
  assert.equal(store.history.loadingOlder, false);
});

test("a message a little above is reached while older ones are on their way already", async (t) => {
  const { store, answer } = await longRoom(t);
  const page = late(pageOf(901, 951, true));
  answer(951, 50, 0, page.coming);
  answer(951, 100, 0, pageOf(851, 951, true));
  const older = store.history.older();
  assert.equal(await store.history.reach(940), true);
  await page.come();
  await older;
  assert.deepEqual(ends(store), [851, 1000]);
  assert.deepEqual(store.lines.map(({ seq }) => seq), Array.from({ length: 150 }, (_, index) => 851 + index));
});

test("after a jump that was given up older ones can be asked for", async (t) => {
  const { store, answer } = await longRoom(t);
  const page = late(pageOf(851, 951, true));
  answer(951, 100, 0, page.coming);
  const reached = store.history.reach(900);
  assert.equal(await store.history.reach(990), true);
  await page.come();
  assert.equal(await reached, null);
  answer(951, 50, 0, pageOf(901, 951, true));
  await store.history.older();
  assert.deepEqual(ends(store), [901, 1000]);
});

test("that older messages failed far up is not said of the newest", async (t) => {
  const { store, around } = await longRoom(t);
  around(300);
  around(600);
  for (const leave of [() => store.history.latest(), () => store.history.reach(600)]) {
    await store.history.reach(300);
    await store.history.older();
    assert.equal(store.history.olderFailed, true);
    await leave();
    assert.equal(store.history.olderFailed, false);
  }
});

test("older messages on their way far up keep nobody from older ones of the newest", async (t) => {
  const { store, around, answer } = await longRoom(t);
  around(300);
  await store.history.reach(300);
  const page = late(pageOf(201, 251, true));
  answer(251, 50, 0, page.coming);
  const above = store.history.older();
  store.history.latest();
  answer(951, 50, 0, pageOf(901, 951, true));
  await store.history.older();
  assert.deepEqual(ends(store), [901, 1000]);
  await page.come();
  await above;
  assert.deepEqual(ends(store), [901, 1000]);
});

test("one keeps one's place far up until what is near the newest is there, and when it never is", async (t) => {
  const { store, around, answer } = await longRoom(t);
  around(300);
  await store.history.reach(300);
  const seen: unknown[] = [];
  store.addEventListener("change", () => seen.push(store.lines[0]?.seq));
  assert.equal(await store.history.reach(900), false);
  assert.deepEqual([...ends(store), store.history.hasAfter], [251, 350, true]);
  assert.equal(seen.includes(951), false);
  answer(951, 100, 0, pageOf(851, 951, true));
  assert.equal(await store.history.reach(900), true);
  assert.deepEqual(ends(store), [851, 1000]);
});

test("who reads far up goes on there when the newest begin anew, with what was changed meanwhile", async (t) => {
  const { store, connection, log, around, answer } = await longRoom(t);
  around(300);
  await store.history.reach(300);
  const page = pageOf(251, 351, true);
  page.messages[49] = { ...page.messages[49]!, body: "changed", revision: 2 };
  const again = late(page);
  answer(301, 50, 50, again.coming);
  connection.answer("room:resume", () => log.resume({ room_id: "lobby" })); // too much was missed: a snapshot
  connection.disconnect();
  connection.reconnect();
  await settle();
  assert.deepEqual(ends(store), [251, 350]);
  await again.come();
  assert.deepEqual([...ends(store), store.history.hasAfter], [251, 350, true]);
  assert.equal(store.lines[49]?.body, "changed");
});

test("who reads far up is at the newest when they begin anew and the rest cannot be had, or is of another life", async (t) => {
  const { store, connection, log, around } = await longRoom(t);
  around(300);
  connection.answer("room:resume", () => log.resume({ room_id: "lobby" }));
  for (const happens of [() => {}, () => (log.epoch = "e2")]) {
    await store.history.reach(300);
    assert.equal(store.history.hasAfter, true);
    happens();
    connection.disconnect();
    connection.reconnect();
    await settle();
    assert.deepEqual([...ends(store), store.history.hasAfter], [...NEWEST, false]);
  }
});

test("a room one comes back to is ready when what was missed is there", async (t) => {
  const { store, connection, log } = await longRoom(t);
  store.unwatch();
  connection.disconnect();
  const { seq } = log.said("bob", "missed");
  connection.reconnect();
  store.watch();
  await store.ready();
  assert.equal(store.lines.at(-1)?.seq, seq);
});
