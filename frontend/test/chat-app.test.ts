import { mount, press } from "./dom.js";
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { ChatClient } from "../chat-client.js";
import type { ChatAppElement } from "../elements/chat-app.js";
import { defineElements } from "../elements/define.js";
import type { Room } from "../protocol.js";
import { ADA, FakeConnection, FakeRoom, MemoryOutbox, room, settle } from "./fakes.js";

defineElements();
Object.assign(HTMLDialogElement.prototype, { showModal: HTMLDialogElement.prototype.show });
afterEach(() => document.body.replaceChildren());

async function drawn(app: ChatAppElement): Promise<void> {
  await settle();
  for (let pass = 0; pass < 4; pass++) {
    await app.updateComplete;
    await app.querySelector("chat-window")?.updateComplete;
    await app.querySelector("room-header")?.updateComplete;
    await app.querySelector("room-sidebar")?.updateComplete;
    await app.querySelector("message-list")?.updateComplete;
    await settle();
  }
}

async function page(path: string, ...rooms: Room[]) {
  history.replaceState(null, "", path);
  const connection = new FakeConnection();
  const log = new FakeRoom(connection);
  connection.answer("room:follow", () => ({ ok: true, data: { rooms, next: null } }));
  connection.answer("room:read", ({ seq }) => ({ ok: true, data: { seq, unread: 0, mentions: 0 } }));
  const draftStorage = { getItem: () => null, setItem: () => {}, removeItem: () => {} };
  const client = new ChatClient({ me: ADA, connection, outboxStorage: new MemoryOutbox(), draftStorage });
  const app = await mount<ChatAppElement>("chat-app");
  app.begin(client);
  await drawn(app);
  return { app, client, connection, log };
}

const badges = (app: Element) => [...app.querySelectorAll(".room-link .badge")].map((badge) => badge.textContent?.trim());
const heading = (app: Element) => app.querySelector("h1")?.textContent?.trim();

test("the address names the room", async () => {
  const { client } = await page("/rooms/lobby", room("hall"), room("lobby"));
  assert.equal(client.roomId, "lobby");
});

test("without a room in the address the last one is opened, and without a last one the first", async () => {
  localStorage.clear();
  const first = await page("/", room("lobby"), room("hall"));
  assert.equal(first.client.roomId, "hall");
  assert.equal(location.pathname, "/rooms/hall");
  first.app.remove();
  localStorage.setItem("last-room", "lobby");
  const second = await page("/", room("lobby"), room("hall"));
  assert.equal(second.client.roomId, "lobby");
});

test("who is in no room is told what to do", async () => {
  localStorage.clear();
  const { app } = await page("/");
  assert.equal(heading(app), "Welcome to Acme");
});

test("a room that is not ours looks like one that does not exist", async () => {
  const { app, connection, client } = await page("/rooms/secret", room("lobby"));
  const error = { code: "room_not_found", message: "There is no such room.", retryable: false };
  connection.answer("room:resume", () => ({ ok: false, error }));
  await client.room?.catchUp();
  client.room?.leave();
  await drawn(app);
  assert.equal(heading(app), "You are not in this room");
});

test("other rooms show what is unread in them, mentions louder", async () => {
  const { app } = await page("/rooms/lobby", room("lobby"), room("a", { unread: 3 }), room("b", { unread: 200, mentions: 2 }));
  assert.deepEqual(badges(app), ["3 unread", "2 mentions"]);
});

test("Alt and the arrows go from room to room, with Shift to unread ones", async () => {
  const { app, client } = await page("/rooms/a", room("a"), room("b"), room("c", { unread: 1 }));
  press(document.body, "ArrowDown", { altKey: true });
  assert.equal(client.roomId, "b");
  press(document.body, "ArrowUp", { altKey: true });
  assert.equal(client.roomId, "a");
  press(document.body, "ArrowUp", { altKey: true });
  assert.equal(client.roomId, "c");
  press(document.body, "ArrowDown", { altKey: true });
  press(document.body, "ArrowDown", { altKey: true, shiftKey: true });
  assert.equal(client.roomId, "c");
  await drawn(app);
});

test("Ctrl+K finds a room by a few letters", async () => {
  const { app, client } = await page("/rooms/lobby", room("lobby"), room("engineering"));
  press(document.body, "k", { ctrlKey: true });
  await drawn(app);
  const switcher = app.querySelector("room-switcher")!;
  const input = switcher.querySelector("input")!;
  input.value = "engi";
  input.dispatchEvent(new Event("input"));
  await switcher.updateComplete;
  press(input, "Enter");
  await drawn(app);
  assert.equal(client.roomId, "engineering");
  assert.equal(app.querySelector("room-switcher"), null);
});

test("? shows the keys, unless one is writing", async () => {
  const { app } = await page("/rooms/lobby", room("lobby"));
  press(app.querySelector("textarea")!, "?");
  await drawn(app);
  assert.equal(app.querySelector("keyboard-help"), null);
  press(document.body, "?");
  await drawn(app);
  assert.ok(app.querySelector("keyboard-help"));
});

test("editing a message to nothing offers to remove it, and goes on when one would rather not", async () => {
  const { app, connection, log } = await page("/rooms/lobby", room("lobby"));
  connection.sayEvent(log.append("message:created", "ada", { body: "not so", mentions: [] }));
  await drawn(app);
  const composer = app.querySelector("message-composer")!;
  const box = composer.querySelector("textarea")!;
  press(box, "ArrowUp");
  await drawn(app);
  assert.notEqual(composer.editing, null);
  box.value = "";
  box.dispatchEvent(new Event("input"));
  press(box, "Enter");
  await drawn(app);

  assert.match(app.querySelector("confirm-dialog")?.textContent ?? "", /Remove this message\?/);
  assert.notEqual(composer.editing, null);
});

test("an ended session covers the page, says why, and offers to sign in", async () => {
  const { app, connection } = await page("/rooms/lobby", room("lobby"));
  connection.end("password_changed");
  await drawn(app);
  assert.match(app.querySelector("[role=alertdialog]")?.textContent ?? "", /password was changed/);
  assert.ok(app.querySelector(".app")?.hasAttribute("inert"));
  assert.equal(app.querySelector<HTMLAnchorElement>(".ended a")?.getAttribute("href"), "/sign-in");
});

test("who comes back and is not let in is told no reason that nobody knows", async () => {
  const { app, connection } = await page("/rooms/lobby", room("lobby"));
  connection.end("not_signed_in");
  await drawn(app);
  assert.match(app.querySelector("[role=alertdialog]")?.textContent ?? "", /Your session has ended\. Sign in again/);
});

test("a session that ran out is not blamed on another device", async () => {
  const { app, connection } = await page("/rooms/lobby", room("lobby"));
  connection.end("expired");
  await drawn(app);
  assert.match(app.querySelector("[role=alertdialog]")?.textContent ?? "", /as long as a session lasts/);
});

test("reconnecting is said after a second, offline after five, and neither any longer than it lasts", async (t) => {
  const { app, connection } = await page("/rooms/lobby", room("lobby"));
  t.mock.timers.enable({ apis: ["setTimeout"] });
  connection.disconnect();
  t.mock.timers.tick(999);
  await drawn(app);
  assert.equal(app.querySelector(".connection"), null);
  t.mock.timers.tick(1);
  await drawn(app);
  assert.equal(app.querySelector(".connection")?.textContent?.trim(), "Reconnecting…");
  t.mock.timers.tick(4_000);
  await drawn(app);
  assert.match(app.querySelector(".banner")?.textContent ?? "", /You are offline/);
  connection.reconnect();
  await drawn(app);
  assert.equal(app.querySelector(".banner"), null);
  assert.equal(app.querySelector(".connection"), null);
});

test("who is offline is not shown to be here, not by their own dot either", async (t) => {
  const { app, client, connection } = await page("/rooms/lobby", room("lobby"));
  client.people.keep([{ ...ADA, presence: "active" }]);
  await drawn(app);
  const dot = () => app.querySelector(".sidebar__me .dot")!.className;
  assert.equal(dot(), "dot dot--active");
  t.mock.timers.enable({ apis: ["setTimeout"] });
  connection.disconnect();
  t.mock.timers.tick(5_000);
  await drawn(app);
  assert.equal(dot(), "dot dot--offline");
  connection.reconnect();
  await drawn(app);
  assert.equal(dot(), "dot dot--active");
});

test("the composer stays usable offline", async () => {
  const { app, connection, client } = await page("/rooms/lobby", room("lobby"));
  connection.disconnect();
  await drawn(app);
  const box = app.querySelector("textarea")!;
  assert.equal(box.disabled, false);
  box.value = "kept";
  box.dispatchEvent(new Event("input", { bubbles: true }));
  press(box, "Enter");
  assert.deepEqual(client.messages.map((line) => [line.body, line.status]), [["kept", "sending"]]);
});

test("new messages of others are read out in one batch, history and one's own never", async (t) => {
  const { app, connection, log, client } = await page("/rooms/lobby", room("lobby"));
  client.people.keep([{ id: "bob", name: "Bob", role: "member", disabled: false, presence: "active" }]);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  connection.sayEvent(log.said("bob", "one"));
  connection.sayEvent(log.said("bob", "two"));
  connection.sayEvent(log.said("ada", "mine"));
  t.mock.timers.tick(1_000);
  const announcer = app.querySelector("message-announcer")!;
  await announcer.updateComplete;
  assert.equal(announcer.querySelector("[aria-live=polite]")?.textContent, "Bob: one\nBob: two");
});

test("the unread divider stays until one leaves the room", async () => {
  const { app, connection, log, client } = await page("/rooms/hall", room("hall"), room("lobby", { unread: 1, seq: 1 }));
  log.said("bob", "new");
  app.goTo("lobby");
  await drawn(app);
  assert.ok(app.querySelector(".unread-divider"));
  assert.equal(client.rooms.get("lobby")?.unread, 0);
  connection.sayEvent(log.said("bob", "newer"));
  await drawn(app);
  assert.equal(app.querySelectorAll(".unread-divider").length, 1);
  app.goTo("hall");
  await drawn(app);
  app.goTo("lobby");
  await drawn(app);
  assert.equal(app.querySelector(".unread-divider"), null);
});

test("the tab is named after the room, with what waits for an answer", async () => {
  await page("/rooms/lobby", room("lobby"), room("b", { unread: 9, mentions: 2 }));
  assert.equal(document.title, "(2) lobby · Acme");
});

test("one's own name changes everywhere when it changes anywhere", async () => {
  const { app, connection } = await page("/rooms/lobby", room("lobby"));
  connection.say("person:changed", { id: "ada", name: "Ada King", role: "admin", disabled: false });
  await drawn(app);
  assert.equal(app.querySelector(".me-button strong")?.textContent, "Ada King");
  assert.ok(app.querySelector('a[href="/admin/people"]'), "who has become an administrator finds the administration");
});

test("what is new further up than what is loaded can be jumped to", async () => {
  const { app, connection, log } = await page("/rooms/hall", room("hall"), room("lobby", { unread: 80, read_seq: 10 }));
  for (let count = 0; count < 90; count++) log.said("bob", "x");
  app.goTo("lobby");
  await drawn(app);
  assert.equal(app.querySelector(".unread-divider"), null);
  const older = { messages: log.messages.slice(0, 40), has_before: false, has_after: true, as_of: 90, epoch: "e1" };
  connection.answerCall("GET", "/rooms/lobby/messages?anchor=41&before=100&after=0", older);
  const jump = app.querySelector<HTMLElement>(".jump--up button")!;
  assert.match(jump.textContent ?? "", /first new · 80/);
  jump.click();
  await drawn(app);
  assert.equal(app.querySelector(".unread-divider")?.nextElementSibling?.getAttribute("data-key"), "e1-11");
  assert.equal(app.querySelector(".jump--up"), null);
});

test("Ctrl and Shift with F looks for messages, and without Shift the browser does", async () => {
  const { app } = await page("/rooms/lobby", room("lobby"));
  assert.ok(!press(document.body, "f", { ctrlKey: true }).defaultPrevented);
  assert.equal(app.querySelector("search-panel"), null);

  assert.ok(press(document.body, "F", { ctrlKey: true, shiftKey: true }).defaultPrevented);
  await drawn(app);

  assert.equal((document.activeElement as HTMLInputElement).type, "search");
});

test("a room's history can be taken away by who is in it", async () => {
  const { app } = await page("/rooms/lobby", room("lobby"));
  app.panel = "members";
  await drawn(app);
  const links = [...app.querySelectorAll<HTMLAnchorElement>("member-panel a[download]")].map((link) => link.getAttribute("href"));
  assert.deepEqual(links, ["/api/v1/rooms/lobby/export?format=markdown", "/api/v1/rooms/lobby/export?format=json"]);
});
