import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { RoomStore } from "../stores/room-store.js";
import { FakeConnection, FakeRoom, MemoryOutbox, message, pageOf, settle } from "./fakes.js";

async function watching(t: TestContext, prepare: (log: FakeRoom) => void = () => {}) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const connection = new FakeConnection();
  const log = new FakeRoom(connection);
  prepare(log);
  const storage = new MemoryOutbox();
  const store = new RoomStore({ roomId: "lobby", userId: "ada", connection, storage });
  store.watch();
  await settle();
  const pass = async (milliseconds: number) => {
    t.mock.timers.tick(milliseconds);
    await settle();
  };
  return { connection, log, storage, store, pass };
}

function shown(store: RoomStore): string[] {
  return store.lines.map((line) => `${line.body} ${line.status}`);
}

test("a room opens with what was said last", async (t) => {
  const { store } = await watching(t, (log) => log.said("bob", "hello"));
  assert.equal(store.state, "ready");
  assert.deepEqual(shown(store), ["hello sent"]);
});

test("a line is shown before the server has answered, and stays the same line after", async (t) => {
  const { store } = await watching(t);
  const key = store.send("hi");
  assert.deepEqual(shown(store), ["hi sending"]);
  await settle();
  assert.deepEqual(shown(store), ["hi sent"]);
  assert.equal(store.lines[0]?.key, key);
});

test("hearing our own message as well as its acknowledgement shows it once", async (t) => {
  const { store, connection, log } = await watching(t);
  store.send("hi");
  await settle();
  connection.sayEvent(log.events[0]!);
  store.receive(log.events[0]!);
  assert.deepEqual(shown(store), ["hi sent"]);
});

test("an event ahead of what is held waits for those between, without asking when they come in time", async (t) => {
  const { store, log, connection, pass } = await watching(t);
  const [one, two, three] = [log.said("bob", "one"), log.said("bob", "two"), log.said("bob", "three")];

  store.receive(one);
  store.receive(three);
  assert.deepEqual(shown(store), ["one sent"]);
  store.receive(two);
  assert.deepEqual(shown(store), ["one sent", "two sent", "three sent"]);

  await pass(1000);
  assert.equal(connection.asks("room:resume").length, 1);
});

test("a gap that stays is asked for after 300 ms", async (t) => {
  const { store, log, connection, pass } = await watching(t);
  log.said("bob", "one");
  store.receive(log.said("bob", "two"));

  await pass(299);
  assert.equal(connection.asks("room:resume").length, 1);
  await pass(1);
  assert.deepEqual(connection.asks("room:resume").at(-1), { room_id: "lobby", epoch: "e1", after: 0 });
  assert.deepEqual(shown(store), ["one sent", "two sent"]);
});

test("after three fruitless tries the room starts over from a snapshot", async (t) => {
  const { store, log, connection, pass } = await watching(t);
  const nothing = { epoch: "e1", seq: 2, complete: true, events: [], has_more: false, snapshot: null, presence: {} };
  connection.answer("room:resume", (ask) =>
    ask.after === undefined ? log.resume(ask) : { ok: true, data: nothing },
  );
  log.said("bob", "one");
  store.receive(log.said("bob", "two"));

  for (let tries = 0; tries < 5; tries++) await pass(300);

  const after = connection.asks("room:resume").map((ask) => (ask as { after?: number }).after);
  assert.deepEqual(after, [undefined, 0, 0, 0, undefined]);
  assert.deepEqual(shown(store), ["one sent", "two sent"]);
});

test("a room opens while the database is away and nobody can say what it is called", async (t) => {
  const { store } = await watching(t, (log) => {
    const resume = log.resume.bind(log);
    log.resume = (ask) => {
      const answer = resume(ask);
      if (answer.ok && answer.data.snapshot) answer.data.snapshot.room = null;
      return answer;
    };
    log.said("bob", "hello");
  });
  assert.equal(store.state, "ready");
  assert.deepEqual(shown(store), ["hello sent"]);
});

test("what was missed while disconnected comes with the next connection", async (t) => {
  const { store, log, connection } = await watching(t);
  connection.disconnect();
  log.said("bob", "while you were away");
  connection.reconnect();
  await settle();
  assert.deepEqual(shown(store), ["while you were away sent"]);
});

test("a long absence is caught up in several answers", async (t) => {
  const { store, log, connection } = await watching(t);
  connection.answer("room:resume", (ask) => {
    const whole = log.resume(ask);
    if (whole.ok && whole.data.events.length > 2)
      whole.data = { ...whole.data, events: whole.data.events.slice(0, 2), has_more: true };
    return whole;
  });
  connection.disconnect();
  for (const body of ["1", "2", "3", "4", "5"]) log.said("bob", body);
  connection.reconnect();
  await settle();
  assert.deepEqual(shown(store), ["1 sent", "2 sent", "3 sent", "4 sent", "5 sent"]);
});

test("a head ahead of what is held means that something was missed", async (t) => {
  const { store, log, pass } = await watching(t);
  log.said("bob", "unheard");
  store.head({ room_id: "lobby", epoch: "e1", seq: 1, applied: 0 });
  await pass(300);
  assert.deepEqual(shown(store), ["unheard sent"]);
});

test("another epoch starts the room over, and what only the old one had is said again", async (t) => {
  const { store, log, connection, pass } = await watching(t);
  store.send("recorded");
  await settle();
  store.head({ room_id: "lobby", epoch: "e1", seq: 1, applied: 1 });
  store.send("lost");
  await settle();
  const [, lost] = connection.asks("message:send") as { client_id: string }[];

  log.newLife("e2");
  store.reset("e2");
  await pass(300);

  const again = connection.asks("message:send").slice(2) as { client_id: string; body: string }[];
  assert.deepEqual(again, [{ room_id: "lobby", client_id: lost!.client_id, body: "lost" }]);
  assert.deepEqual(shown(store), ["lost sent"]);
});

test("an edit that is refused leaves the message as it was and says why", async (t) => {
  const { store, connection } = await watching(t, (log) => log.said("ada", "mine"));
  const error = { code: "conflict", message: "Somebody was faster.", retryable: false };
  connection.answer("message:edit", () => ({ ok: false, error }));
  const answer = await store.edit(store.lines[0]!, "changed");
  assert.equal(answer.ok, false);
  assert.deepEqual(shown(store), ["mine sent"]);
});

async function longRoom(t: TestContext) {
  return watching(t, (log) => {
    for (let count = 0; count < 1000; count++) log.said("bob", "x");
  });
}

const ends = (store: RoomStore) => [store.lines[0]?.seq, store.lines.at(-1)?.seq];

test("a message a little above is reached with all that lies between", async (t) => {
  const { connection, store } = await longRoom(t);
  connection.answerCall("GET", "/rooms/lobby/messages?anchor=951&before=100&after=0", pageOf(851, 951, true));
  assert.equal(await store.history.reach(800), false);
  assert.deepEqual(ends(store), [851, 1000]);
  connection.answerCall("GET", "/rooms/lobby/messages?anchor=851&before=100&after=0", pageOf(751, 851, true));
  assert.equal(await store.history.reach(800), true);
  assert.deepEqual(ends(store), [751, 1000]);
  assert.equal(store.history.hasAfter, false);
});

test("a message far up is shown with what was said around it, and reading on leads to the newest", async (t) => {
  const { connection, store, log } = await longRoom(t);
  assert.equal(await store.history.reach(300), false);
  connection.answerCall("GET", "/rooms/lobby/messages?anchor=300&before=50&after=50", pageOf(251, 351, true));

  assert.equal(await store.history.reach(300), true);

  assert.deepEqual(ends(store), [251, 350]);
  assert.ok(store.history.hasBefore && store.history.hasAfter);
  store.receive(log.said("bob", "meanwhile"));
  assert.deepEqual(ends(store), [251, 350]);

  connection.answerCall("GET", "/rooms/lobby/messages?anchor=251&before=50&after=0", pageOf(1, 251, false));
  connection.answerCall("GET", "/rooms/lobby/messages?anchor=350&before=0&after=100", pageOf(351, 451, true));
  connection.answerCall("GET", "/rooms/lobby/messages?anchor=450&before=0&after=100", pageOf(451, 960, true));
  await store.history.older();
  await store.history.newer();
  assert.deepEqual(ends(store), [1, 450]);
  await store.history.newer();

  assert.deepEqual(store.lines.map((line) => line.seq), Array.from({ length: 1001 }, (_, index) => index + 1));
  assert.equal(store.history.hasBefore || store.history.hasAfter, false);
});

test("from far up one is back at the newest at once, also by saying something", async (t) => {
  const { connection, store } = await longRoom(t);
  connection.answerCall("GET", "/rooms/lobby/messages?anchor=300&before=50&after=50", pageOf(251, 351, true));
  await store.history.reach(300);
  store.history.latest();
  assert.deepEqual(ends(store), [951, 1000]);
  await store.history.reach(300);
  assert.equal(await store.history.reach(990), true);
  assert.deepEqual(ends(store), [951, 1000]);
  await store.history.reach(300);
  store.send("mine");
  assert.equal(store.lines.at(-1)?.body, "mine");
  assert.equal(store.history.hasAfter, false);
});

test("what is changed or taken back far up changes there", async (t) => {
  const { connection, store, log } = await longRoom(t);
  const path = "/rooms/lobby/messages?anchor=300&before=50&after=50";
  connection.answerCall("GET", path, pageOf(251, 351, true));
  const edit = { message_id: "m300", message_seq: 300, body: "new", mentions: [], revision: 2 };
  store.receive(log.append("message:edited", "bob", edit)); // a page from before knows nothing of it
  await store.history.reach(300);
  assert.equal(store.lines.find((line) => line.seq === 300)?.body, "new");
  store.receive(log.append("message:removed", "bob", { message_id: "m301", message_seq: 301, revision: 2 }));
  assert.ok(store.lines.find((line) => line.seq === 301)?.removed_at);
});

test("a page below that cannot be loaded says so, and can be asked for again", async (t) => {
  const { connection, store } = await longRoom(t);
  connection.answerCall("GET", "/rooms/lobby/messages?anchor=300&before=50&after=50", pageOf(251, 351, true));
  await store.history.reach(300);
  await store.history.newer();
  assert.deepEqual([store.history.newerFailed, store.history.loadingNewer], [true, false]);
  connection.answerCall("GET", "/rooms/lobby/messages?anchor=350&before=0&after=100", pageOf(351, 451, true));
  await store.history.newer();
  assert.deepEqual(ends(store), [251, 450]);
  assert.equal(store.history.newerFailed, false);
});

test("older messages are asked for from the oldest that is shown", async (t) => {
  const { store, connection } = await watching(t, (log) => {
    for (let count = 1; count <= 60; count++) log.said("bob", `${count}`);
  });
  const page = { messages: [message(9), message(10)], has_before: false, has_after: true, as_of: 60, epoch: "e1" };
  connection.answerCall("GET", "/rooms/lobby/messages?anchor=11&before=50&after=0", page);

  await store.history.older();

  assert.equal(store.lines.length, 52);
  assert.equal(store.lines[0]?.body, "#9");
  assert.equal(store.history.hasBefore, false);
});

test("a page that cannot be loaded says so, and can be asked for again", async (t) => {
  const { store } = await watching(t, (log) => {
    for (let count = 1; count <= 60; count++) log.said("bob", `${count}`);
  });
  await store.history.older();
  assert.equal(store.history.olderFailed, true);
  assert.equal(store.history.loadingOlder, false);
});

test("a room we are not in is gone, and comes back when we are let in again", async (t) => {
  const { store, connection, log } = await watching(t);
  const error = { code: "room_not_found", message: "There is no such room.", retryable: false };
  connection.answer("room:resume", () => ({ ok: false, error }));
  await store.catchUp();
  assert.equal(store.state, "gone");

  connection.answer("room:resume", (ask) => log.resume(ask));
  store.watch();
  await settle();
  assert.equal(store.state, "ready");
});

test("a room nobody looks at catches up when somebody does", async (t) => {
  const { store, log, connection, pass } = await watching(t);
  store.unwatch();
  log.said("bob", "missed");
  store.receive(log.said("bob", "heard"));
  await pass(1000);
  assert.equal(connection.asks("room:resume").length, 1);

  store.watch();
  await settle();
  assert.deepEqual(shown(store), ["missed sent", "heard sent"]);
});

test("a server that is busy is asked again, later and later", async (t) => {
  const { store, connection, log, pass } = await watching(t);
  connection.answer("room:resume", () => ({ ok: false, error: { code: "busy", message: "", retryable: true } }));
  connection.disconnect();
  connection.reconnect();
  await settle();
  log.said("bob", "hello");
  await pass(1000);
  assert.equal(connection.asks("room:resume").length, 3);
  connection.answer("room:resume", (ask) => log.resume(ask));
  await pass(2000);
  assert.deepEqual(shown(store), ["hello sent"]);
});

test("clearing forgets what is shown and nothing else", async (t) => {
  const { store, log } = await watching(t, (log) => log.said("bob", "old"));
  store.clear();
  store.receive(log.said("bob", "new"));
  assert.deepEqual(shown(store), ["new sent"]);
});
