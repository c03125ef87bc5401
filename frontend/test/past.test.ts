import { heard, mount, press } from "./dom.js";
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { ChatClient } from "../chat-client.js";
import type { ChatAppElement } from "../elements/chat-app.js";
import { defineElements } from "../elements/define.js";
import type { MessageListElement } from "../elements/message-list.js";
import type { HistoryPage, Room } from "../protocol.js";
import type { Line } from "../stores/room-store.js";
import { ADA, answering, FakeConnection, FakeRoom, late, MemoryOutbox, message, pageOf, room, settle } from "./fakes.js";

defineElements();
Object.assign(HTMLDialogElement.prototype, { showModal: HTMLDialogElement.prototype.show });
afterEach(() => document.body.replaceChildren());

async function drawn(app: ChatAppElement): Promise<void> {
  for (let pass = 0; pass < 5; pass++) {
    await settle();
    await app.updateComplete;
    for (const each of app.querySelectorAll<ChatAppElement>("chat-window, message-list, message-composer")) await each.updateComplete;
  }
}

const HALL = room("hall");
const LOBBY = room("lobby", { seq: 1000, read_seq: 1000 });

/** In the hall; in each room 1000 messages were said, every other one by Ada. */
async function page(...rooms: Room[]) {
  history.replaceState(null, "", "/rooms/hall");
  const connection = new FakeConnection();
  const log = new FakeRoom(connection);
  for (let seq = 1; seq <= 1000; seq++) log.said(seq % 2 ? "bob" : "ada", `x${seq}`);
  connection.answer("room:follow", () => ({ ok: true, data: { rooms, next: null } }));
  connection.answer("room:read", ({ seq }) => ({ ok: true, data: { seq, unread: 0, mentions: 0 } }));
  const draftStorage = { getItem: () => null, setItem: () => {}, removeItem: () => {} };
  const client = new ChatClient({ me: ADA, connection, outboxStorage: new MemoryOutbox(), draftStorage });
  const app = await mount<ChatAppElement>("chat-app");
  app.begin(client);
  await drawn(app);
  const around300 = (answer: HistoryPage | Promise<HistoryPage>) =>
    connection.answerCall("GET", "/rooms/lobby/messages?anchor=300&before=50&after=50", answer);
  around300(pageOf(251, 351, true));
  const choose = (seq: number) => {
    app.querySelector(".app")!.dispatchEvent(new CustomEvent("message-asked", { detail: { roomId: "lobby", seq } }));
    return drawn(app);
  };
  const goTo = (roomId: string) => {
    app.goTo(roomId);
    return drawn(app);
  };
  const read = () => connection.asks("room:read").filter((ask) => (ask as { room_id: string }).room_id === "lobby");
  const store = client.roomStore("lobby");
  const ends = () => [store.lines[0]?.seq, store.lines.at(-1)?.seq];
  const told = heard(app, "told");
  return { app, client, connection, log, store, ends, choose, goTo, read, around300, told };
}

const box = (app: Element) => app.querySelector<HTMLTextAreaElement>("message-composer textarea")!;

test("on the way to a message far up in another room nothing is read", async () => {
  const { ends, choose, read, around300 } = await page(HALL, room("lobby", { unread: 3, read_seq: 997, seq: 1000 }));
  const { coming, come } = late(pageOf(251, 351, true));
  around300(coming);
  await choose(300);
  assert.deepEqual(ends(), [951, 1000]);
  await come();
  await settle();
  assert.deepEqual(ends(), [251, 350]);
  assert.deepEqual(read(), []);
});

test("who cannot be led there has read what they see instead", async () => {
  const { client, connection, choose, read, told } = await page(HALL, room("lobby", { unread: 3, read_seq: 997, seq: 1000 }));
  connection.answerCall("GET", "/rooms/lobby/messages?anchor=300&before=50&after=50", undefined);
  await choose(300);
  assert.equal(told.length, 1);
  assert.deepEqual(read(), [{ room_id: "lobby", seq: 1000 }]);
  assert.equal(client.rooms.get("lobby")?.unread, 0);
});

test("a result that was missed in a room one comes back to is shown", async () => {
  const { app, connection, log, store, choose, goTo, told } = await page(HALL, LOBBY);
  await goTo("lobby");
  await goTo("hall");
  connection.disconnect();
  const { seq } = log.said("bob", "missed");
  connection.reconnect();
  await drawn(app);
  const answer = late(log.resume({ room_id: "lobby", epoch: "e1", after: 1000 }));
  connection.answer("room:resume", () => answer.coming);
  await choose(seq);
  await answer.come();
  await drawn(app);
  assert.deepEqual(told, []);
  assert.equal(store.lines.at(-1)?.seq, seq);
  assert.equal((document.activeElement as HTMLElement).dataset["key"], store.lines.at(-1)?.key);
});

test("who goes elsewhere, or to the newest, before the message is there stays there", async () => {
  const { app, ends, choose, goTo, around300, told } = await page(HALL, LOBBY);
  const leave = [
    async () => (await goTo("hall"), await goTo("lobby")),
    async () => void press(box(app), "Escape"),
    async () => app.querySelector("message-list")!.jumpToLatest(),
  ];
  for (const away of leave) {
    await goTo("hall");
    const { coming, come } = late(pageOf(251, 351, true));
    around300(coming);
    await choose(300);
    await away();
    await come();
    await drawn(app);
    assert.deepEqual(ends(), [951, 1000]);
  }
  assert.deepEqual(told, []);
});

test("what one has written into a message stays while one looks something up far above", async () => {
  const { app, client, choose, goTo, connection, log } = await page(HALL, LOBBY);
  await goTo("lobby");
  press(box(app), "ArrowUp");
  await drawn(app);
  box(app).value = "half an hour of rewriting";
  box(app).dispatchEvent(new Event("input", { bubbles: true }));
  await choose(300);
  assert.equal(box(app).value, "half an hour of rewriting");
  assert.equal(app.querySelector("chat-window")!.editing?.body, "x1000");

  client.room!.history.latest();
  connection.sayEvent(log.append("message:removed", "bob", { message_id: "e1-1000", message_seq: 1000, revision: 2 }));
  await drawn(app);
  assert.equal(app.querySelector("chat-window")!.editing, null);
});

test("the arrow up edits the last one said, also from far up", async () => {
  const { app, store, choose, goTo, around300 } = await page(HALL, LOBBY);
  const past = pageOf(251, 351, true);
  past.messages[60] = { ...past.messages[60]!, author_id: "ada", body: "from years ago" };
  around300(past);
  await goTo("lobby");
  await choose(300);
  press(box(app), "ArrowUp");
  await drawn(app);
  assert.equal(box(app).value, "x1000");
  assert.equal(store.history.hasAfter, false);
});

test("an answer far up that is asked for again is waited for at the newest", async () => {
  const { app, client, connection, store, choose, around300 } = await page(HALL, LOBBY);
  const assistant = { id: "bot", name: "Assistant", role: "assistant" as const, disabled: false, presence: "offline" as const };
  client.people.keep([assistant]);
  const past = pageOf(251, 351, true);
  past.messages[60] = { ...past.messages[60]!, author_id: "bot", run: answering("r1", { question_id: "m310" }) };
  around300(past);
  const run = { id: "r2", room_id: "lobby", question_id: "m310", asker_id: "ada", attempt: 2, state: "waiting" as const, place: 0 };
  connection.answer("assistant:watch", () => ({ ok: true, data: { runs: [] } }));
  connection.answer("assistant:retry", () => ({ ok: true, data: { run } }));
  await choose(300);
  assert.equal(store.history.hasAfter, true);
  const line = store.lines.find(({ run }) => run)!;
  app.querySelector("message-list")!.dispatchEvent(new CustomEvent("message-action", { detail: { action: "ask-again", line } }));
  await drawn(app);
  assert.match(app.querySelector("assistant-answer")?.textContent ?? "", /Thinking|Waiting/);
});

test("far up one is told how many came meanwhile", async () => {
  const { app, connection, log, choose, goTo } = await page(HALL, LOBBY);
  await goTo("lobby");
  await choose(300);
  const jump = () => app.querySelector(".jump__button")?.textContent?.trim();
  assert.equal(jump(), "Jump to latest");
  for (const body of ["one", "two"]) connection.sayEvent(log.said("bob", body));
  connection.sayEvent(log.said("ada", "mine, elsewhere"));
  await drawn(app);
  assert.equal(jump(), "Jump to latest · 2");
  app.querySelector<HTMLElement>(".jump__button")!.click();
  await drawn(app);
  assert.equal(jump(), undefined);
});

test("a page below all that is drawn is gone on to without a touch", async () => {
  const lines = (count: number): Line[] =>
    Array.from({ length: count }, (_, seq) => ({ ...message(seq + 1), key: `k${seq}`, status: "sent", error: null }));
  const list = await mount<MessageListElement>("message-list", { lines: lines(101), currentUserId: "ada", hasAfter: true });
  Object.defineProperties(list, { clientHeight: { value: 600 }, scrollHeight: { value: 20_000 } });
  const wanted = heard(list, "newer-wanted");
  const last = () => Number([...list.querySelectorAll(".bubble")].at(-1)!.textContent!.trim().slice(1));
  const count = () => list.querySelectorAll(".message").length;
  for (let more = 201; more <= 701; more += 100) {
    list.scrollTop = 19_400; // at the very end of what is drawn
    for (let draws = 0; draws < 9 && last() < list.lines.length; draws++) {
      list.dispatchEvent(new Event("scroll"));
      await list.updateComplete;
    }
    const before = wanted.length;
    list.dispatchEvent(new Event("scroll"));
    assert.equal(wanted.length, before + 1);
    list.lines = lines(more);
    await list.updateComplete;
    await list.updateComplete;
    assert.ok(last() > more - 100, `${last()} of ${more}`);
    assert.ok(count() <= 400);
  }
});
