import { heard, mount, press } from "./dom.js";
import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { ChatClient } from "../chat-client.js";
import { defineElements } from "../elements/define.js";
import { markedWords } from "../elements/marked-words.js";
import type { SearchPanelElement } from "../elements/search-panel.js";
import type { Found } from "../protocol.js";
import { SearchStore } from "../stores/search-store.js";
import { html, render } from "lit";
import { ADA, FakeConnection, MemoryOutbox, message, room, settle } from "./fakes.js";

defineElements();
afterEach(() => {
  document.body.replaceChildren();
  mock.timers.reset();
});

const PAUSE_MS = 250;
const SLOW_MS = 150;

function found(seq: number, body: string, ...marks: [number, number][]): Found {
  return { message: message(seq, body), room: { id: "lobby", kind: "public", name: "lobby" }, excerpt: body, marks };
}

function asked(connection: FakeConnection): string[] {
  return connection.called.map(([, path]) => path).filter((path) => path.startsWith("/search"));
}

function store() {
  mock.timers.enable({ apis: ["setTimeout"] });
  const connection = new FakeConnection();
  return { connection, store: new SearchStore(connection) };
}

async function type(into: SearchStore, text: string, roomId: string | null = null): Promise<void> {
  into.seek(text, roomId);
  mock.timers.tick(PAUSE_MS);
  await settle();
}

test("what is typed is asked once, in a moment, and asking for older ones adds them", async () => {
  const { connection, store: search } = store();
  connection.answerCall("GET", "/search?q=launch", { items: [found(9, "launch")], next: "c1" });
  connection.answerCall("GET", "/search?q=launch&cursor=c1", { items: [found(3, "a launch")], next: null });

  for (const text of ["l", "lau", "launch", "launch "]) search.seek(text, null);
  mock.timers.tick(PAUSE_MS - 1);
  assert.deepEqual(asked(connection), []);
  mock.timers.tick(1);
  await settle();

  assert.deepEqual(asked(connection), ["/search?q=launch"]);
  assert.deepEqual(search.found?.map((each) => each.message.seq), [9]);
  assert.ok(search.hasMore);
  await search.more();
  assert.deepEqual(search.found?.map((each) => each.message.seq), [9, 3]);
  assert.ok(!search.hasMore);
});

test("older ones of other words are not added to what was found", async () => {
  const { connection, store: search } = store();
  connection.answerCall("GET", "/search?q=launch", { items: [found(9, "launch")], next: "c1" });
  connection.answerCall("GET", "/search?q=launches&cursor=c1", { items: [found(3, "launches")], next: null });
  connection.answerCall("GET", "/search?q=launches", { items: [found(5, "launches")], next: null });
  await type(search, "launch");
  let changes = 0;
  search.addEventListener("change", () => (changes += 1));

  search.seek("launches", null);
  assert.deepEqual([search.hasMore, search.outdated, changes], [false, true, 1]);
  await search.more();
  mock.timers.tick(PAUSE_MS);
  await settle();

  assert.deepEqual(asked(connection), ["/search?q=launch", "/search?q=launches"]);
  assert.deepEqual(search.found?.map((each) => each.message.seq), [5]);
  assert.ok(!search.outdated);
});

test("another room is another question, and no words are none", async () => {
  const { connection, store: search } = store();
  connection.answerCall("GET", "/search?q=launch&room_id=hall", { items: [found(1, "launch")], next: null });
  await type(search, "launch");
  await type(search, "launch", "hall");
  assert.equal(search.found?.length, 1);
  await type(search, "  ", "hall");
  assert.deepEqual(asked(connection), ["/search?q=launch", "/search?q=launch&room_id=hall"]);
  assert.equal(search.found, null);
});

test("an answer that comes after the next question is not shown", async () => {
  const { connection, store: search } = store();
  const answers: ((data: unknown) => void)[] = [];
  connection.call = async () => ({ ok: true, data: (await new Promise<unknown>((resolve) => answers.push(resolve))) as never });
  await type(search, "first");
  await type(search, "second");
  answers[1]!({ items: [found(2, "second")], next: null });
  await settle();
  answers[0]!({ items: [found(1, "first")], next: null });
  await settle();
  assert.deepEqual(search.found?.map((each) => each.excerpt), ["second"]);
});

test("only what takes a while is said to", async () => {
  const { connection, store: search } = store();
  let answer: (data: unknown) => void = () => {};
  connection.call = async () => ({ ok: true, data: (await new Promise<unknown>((resolve) => (answer = resolve))) as never });
  await type(search, "launch");
  mock.timers.tick(SLOW_MS - 1);
  assert.ok(!search.slow);
  mock.timers.tick(1);
  assert.ok(search.slow);
  answer({ items: [], next: null });
  await settle();
  assert.ok(!search.slow);
  assert.deepEqual(search.found, []);
});

test("what failed can be tried again, and shows nothing that was found for other words", async () => {
  const { connection, store: search } = store();
  connection.answerCall("GET", "/search?q=one", { items: [found(1, "one")], next: "c1" });
  await type(search, "one");
  await search.more();
  assert.deepEqual([search.found?.length, search.failure?.code], [1, "busy"]);
  connection.answerCall("GET", "/search?q=one&cursor=c1", { items: [found(0, "one")], next: null });
  await search.retry();
  assert.deepEqual([search.found?.length, search.failure], [2, null]);
  await type(search, "two");
  assert.deepEqual([search.found, search.failure?.code], [null, "busy"]);
  connection.answerCall("GET", "/search?q=two", { items: [], next: null });
  await search.retry();
  assert.deepEqual([search.found, search.failure], [[], null]);
});

test("words are marked where they are, counted as people count", () => {
  const box = document.createElement("p");
  render(html`${markedWords("🎉🎉 the launch <b>, launch", [[7, 13], [19, 25]])}`, box);
  assert.equal(box.textContent, "🎉🎉 the launch <b>, launch");
  assert.deepEqual([...box.querySelectorAll("mark")].map((each) => each.textContent), ["launch", "launch"]);
});

test("what Markdown writes for the eye is left out around them", () => {
  const box = document.createElement("p");
  render(html`${markedWords("## The **launch**: `go`\n> a > b # c", [[9, 15]])}`, box);
  assert.equal(box.textContent, "The launch: go\na > b # c");
  assert.equal(box.querySelector("mark")!.textContent, "launch");
});

async function panel(...items: Found[]) {
  const connection = new FakeConnection();
  const draftStorage = { getItem: () => null, setItem: () => {}, removeItem: () => {} };
  const client = new ChatClient({ me: ADA, connection, outboxStorage: new MemoryOutbox(), draftStorage });
  connection.answerCall("GET", "/search?q=launch", { items, next: null });
  connection.answerCall("GET", "/search?q=launch&room_id=hall", { items: [], next: null });
  const element = await mount<SearchPanelElement>("search-panel", { client, roomId: "hall" });
  const field = element.querySelector<HTMLInputElement>("input[type=search]")!;
  field.value = "launch";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await client.search.now();
  await element.updateComplete;
  return { element, field, client, connection };
}

const rows = (element: Element) => [...element.querySelectorAll<HTMLElement>(".found")];

test("what was found is walked through by arrows and opens where it was said", async () => {
  const { element, field } = await panel(found(9, "launch two", [0, 6]), found(4, "launch one", [0, 6]));
  const opened = heard(element, "message-asked");
  assert.equal(document.activeElement, field);

  press(field, "ArrowDown");
  press(rows(element)[0]!, "ArrowDown");
  await element.updateComplete;

  assert.equal(document.activeElement, rows(element)[1]);
  assert.deepEqual(rows(element).map((row) => row.tabIndex), [-1, 0]);
  rows(element)[1]!.click();
  assert.deepEqual(opened, [{ roomId: "lobby", seq: 4 }]);
  press(rows(element)[1]!, "ArrowUp");
  press(rows(element)[0]!, "ArrowUp");
  assert.equal(document.activeElement, field);
});

test("of a direct message it is said to whom, and nobody is named twice", async () => {
  const pair = room("pair", { kind: "direct", name: null, member_ids: ["ada", "bob"] });
  const theirs = { ...found(9, "launch"), room: { id: "pair", kind: "direct" as const, name: null } };
  const own = { ...theirs, message: { ...message(8, "launch"), author_id: "ada" } };
  const { element, client, connection } = await panel(theirs, own);
  connection.say("person:changed", { id: "bob", name: "Bob Kahn", role: "member", disabled: false });
  connection.say("person:changed", { id: "ada", name: "Ada Lovelace", role: "member", disabled: false });
  connection.answerCall("POST", "/rooms", pair);
  await client.rooms.create({ kind: "direct", member_ids: ["bob"] });
  await settle();
  element.requestUpdate();
  await element.updateComplete;

  const heads = [...element.querySelectorAll(".found__whose")].map((each) => each.textContent!.trim().split(/\s{2,}/));
  assert.deepEqual(heads, [["Bob Kahn", "to you"], ["Ada Lovelace", "to Bob Kahn"]]);
});

/** Let the store answer and the panel draw, with the focus where it then belongs. */
async function answered(element: SearchPanelElement): Promise<void> {
  await settle();
  await element.updateComplete;
  await settle();
}

const button = (element: Element, words: string) =>
  [...element.querySelectorAll<HTMLElement>(".panel__body button")].find((each) => each.textContent!.trim() === words);

/** The first page of the words in the field has older ones behind it. */
async function pages(first: Found[]) {
  const opened = await panel();
  opened.connection.answerCall("GET", "/search?q=launch", { items: first, next: "c1" });
  await opened.client.search.now();
  await answered(opened.element);
  return opened;
}

test("the same region that said it searches says that nothing was found", async () => {
  const { element } = await panel();
  const regions = [...element.querySelectorAll("[role=status]")];
  assert.deepEqual(regions.map((each) => each.textContent!.trim()), ["No message found"]);
});

test("a page without a message that is not the last one says so", async () => {
  const { element } = await pages([]);
  assert.match(element.querySelector("[role=status]")!.textContent!, /Nothing found yet/);
  assert.ok(button(element, "Show older ones"));
});

test("whoever asks for older ones goes on at the first of them", async () => {
  const { element, connection } = await pages([found(9, "launch"), found(8, "launch")]);
  connection.answerCall("GET", "/search?q=launch&cursor=c1", { items: [found(4, "launch"), found(3, "launch")], next: null });
  button(element, "Show older ones")!.focus();
  button(element, "Show older ones")!.click();
  await answered(element);
  assert.equal(document.activeElement, rows(element)[2]);
  assert.equal(button(element, "Show older ones"), undefined);
});

test("while older ones are looked for their button keeps the focus, and asks no second time", async () => {
  const { element, client, connection } = await pages([found(9, "launch")]);
  let answer: (data: unknown) => void = () => {};
  const call = connection.call.bind(connection);
  connection.call = async (...question) => {
    await call(...question);
    return { ok: true, data: (await new Promise<unknown>((resolve) => (answer = resolve))) as never };
  };
  mock.timers.enable({ apis: ["setTimeout"] });
  const older = button(element, "Show older ones")!;
  older.focus();
  older.click();
  mock.timers.tick(SLOW_MS);
  await answered(element);
  assert.ok(client.search.slow);
  assert.equal(document.activeElement, older);
  assert.equal(older.getAttribute("aria-disabled"), "true");
  assert.ok(!older.hasAttribute("disabled"));
  older.click();
  assert.equal(asked(connection).filter((path) => path.includes("cursor")).length, 1);

  answer({ items: [], next: null });
  await answered(element);
  assert.equal(document.activeElement, rows(element)[0]);
});

test("whoever went elsewhere meanwhile stays there", async () => {
  const { element, field, connection } = await pages([found(9, "launch")]);
  connection.answerCall("GET", "/search?q=launch&cursor=c1", { items: [found(4, "launch")], next: null });
  button(element, "Show older ones")!.click();
  field.focus();
  await answered(element);
  assert.equal(rows(element).length, 2);
  assert.equal(document.activeElement, field);
});

test("what failed leads to its button, and that to what is found", async () => {
  const { element, connection } = await pages([found(9, "launch")]);
  button(element, "Show older ones")!.focus();
  button(element, "Show older ones")!.click();
  await answered(element);
  assert.equal(document.activeElement, button(element, "Try again"));

  connection.answerCall("GET", "/search?q=launch&cursor=c1", { items: [found(4, "launch")], next: null });
  button(element, "Try again")!.click();
  await answered(element);
  assert.equal(document.activeElement, rows(element)[1]);
});

test("tried again without finding anything one is where one types", async () => {
  const { element, field, client, connection } = await panel();
  client.search.seek("unicorn", null);
  await client.search.now();
  await answered(element);
  connection.answerCall("GET", "/search?q=unicorn", { items: [], next: null });
  button(element, "Try again")!.focus();
  button(element, "Try again")!.click();
  await answered(element);
  assert.equal(document.activeElement, field);
});

test("in no room one looks everywhere", async () => {
  const { element, client, connection } = await panel(found(9, "launch"));
  const places = element.querySelectorAll<HTMLInputElement>("input[type=radio]");
  places[1]!.click();
  places[1]!.dispatchEvent(new Event("change", { bubbles: true }));
  await element.updateComplete;
  assert.ok(element.here);

  element.roomId = null;
  await element.updateComplete;

  assert.deepEqual([element.here, places[0]!.checked, places[1]!.checked], [false, true, false]);
  assert.equal(client.search.roomId, null);
  element.roomId = "lobby";
  await client.search.now();
  assert.equal(asked(connection).at(-1), "/search?q=launch");
});

test("nothing found here leads to looking everywhere", async () => {
  const { element, client } = await panel(found(9, "launch"));
  element.querySelectorAll<HTMLInputElement>("input[type=radio]")[1]!.click();
  element.querySelectorAll("input[type=radio]")[1]!.dispatchEvent(new Event("change", { bubbles: true }));
  await client.search.now();
  await element.updateComplete;
  assert.match(element.querySelector(".empty")!.textContent!, /No message has “launch” in this room/);

  element.querySelector<HTMLElement>(".empty button")!.focus();
  element.querySelector<HTMLElement>(".empty button")!.click();
  await client.search.now();
  await element.updateComplete;

  assert.equal(rows(element).length, 1);
  assert.equal(document.activeElement, element.querySelector("input[type=radio]"));
});

test("of words that are not answered yet nothing is said", async () => {
  const { element, field, client, connection } = await panel();
  assert.match(element.querySelector(".empty")!.textContent!, /No message has “launch”/);

  field.value = "launcher";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await element.updateComplete;
  assert.equal(element.querySelector(".empty"), null);

  connection.answerCall("GET", "/search?q=launcher", { items: [], next: null });
  await client.search.now();
  await element.updateComplete;
  assert.match(element.querySelector(".empty")!.textContent!, /No message has “launcher”/);
});

test("Escape closes it and gives the focus back", async () => {
  const before = document.createElement("button");
  document.body.append(before);
  before.focus();
  const { element, field } = await panel();
  const closed = heard(element, "panel-closed");

  const event = press(field, "Escape");

  assert.equal(closed.length, 1);
  assert.ok(event.defaultPrevented);
  assert.equal(document.activeElement, before);
});
