import { heard, mount } from "./dom.js";
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { ChatClient } from "../chat-client.js";
import type { ChatAppElement } from "../elements/chat-app.js";
import { defineElements } from "../elements/define.js";
import type { MessageListElement } from "../elements/message-list.js";
import type { Room } from "../protocol.js";
import type { Line } from "../stores/room-store.js";
import { ADA, FakeConnection, FakeRoom, MemoryOutbox, message, pageOf, room, settle } from "./fakes.js";

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
  connection.answerCall("GET", "/rooms/lobby/messages?anchor=300&before=50&after=50", pageOf(251, 351, true));
  const choose = (seq: number) => {
    app.querySelector(".app")!.dispatchEvent(new CustomEvent("message-asked", { detail: { roomId: "lobby", seq } }));
    return drawn(app);
  };
  const goTo = (roomId: string) => {
    app.goTo(roomId);
    return drawn(app);
  };
  return { app, connection, log, choose, goTo };
}

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
