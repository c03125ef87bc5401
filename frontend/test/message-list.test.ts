import { heard, mount, press } from "./dom.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineElements } from "../elements/define.js";
import type { MessageListElement } from "../elements/message-list.js";
import { typingWords } from "../elements/typing-line.js";
import { Clock } from "../elements/times.js";
import { Reply } from "../stores/replies-store.js";
import type { Line } from "../stores/room-store.js";
import { answering, FakeConnection, message } from "./fakes.js";

defineElements();

const NOW = new Date("2026-11-23T15:30:00Z");
const clock = new Clock("en-US", () => NOW, "UTC");

function line(seq: number, changes: Partial<Line> = {}): Line {
  return { ...message(seq), key: `k${seq}`, status: "sent", error: null, ...changes };
}

function list(lines: Line[], properties: Partial<MessageListElement> = {}): Promise<MessageListElement> {
  const nameOf = (id: string) => ({ ada: "Ada Lovelace", bob: "Bob Kahn" })[id] ?? id;
  return mount<MessageListElement>("message-list", { lines, currentUserId: "ada", nameOf, clock, ...properties });
}

function texts(element: Element, selector: string): string[] {
  return [...element.querySelectorAll(selector)].map((each) => each.textContent!.replace(/\s+/g, " ").trim());
}

test("one's own stand apart from the others'", async () => {
  const element = await list([line(1), line(2, { author_id: "ada" })]);
  assert.deepEqual(texts(element, ".message--other .bubble"), ["#1"]);
  assert.deepEqual(texts(element, ".message--own .bubble"), ["#2"]);
});

test("a message that names the assistant and asks it nothing says why", async () => {
  const unasked = { body: "@Assistant?", unasked: "too_fast" };
  const element = await list([line(1, { ...unasked, author_id: "ada" }), line(2, unasked), line(3, { ...unasked, removed_at: "2026-11-23T12:00:00Z" })]);
  const states = [...element.querySelectorAll(".message__state")].map((each) => each.textContent!.trim().replace(/\. Ask again .*/, "."));
  assert.deepEqual(states, [
    "Not answered: too many of your questions wait for their answers.",
    "Not answered: too many of Bob Kahn’s questions wait for their answers.",
  ]);
});

test("name, time and avatar stand on the first of a run, and a run lasts five minutes", async () => {
  const element = await list([
    line(1, { at: "2026-11-23T15:00:00Z" }),
    line(2, { at: "2026-11-23T15:04:59Z" }),
    line(3, { at: "2026-11-23T15:05:00Z" }),
    line(4, { at: "2026-11-23T15:06:00Z", author_id: "ada" }),
  ]);
  assert.deepEqual(texts(element, ".message__head"), ["Bob Kahn 03:00 PM", "Bob Kahn 03:05 PM", "You 03:06 PM"]);
  assert.deepEqual(texts(element, ".avatar"), ["BK", "BK", "AL"]);
});

test("each day has its heading, and what is not of today its date", async () => {
  const element = await list([
    line(1, { at: "2025-03-01T09:00:00Z" }),
    line(2, { at: "2026-11-22T09:00:00Z" }),
    line(3, { at: "2026-11-23T09:00:00Z" }),
  ]);
  assert.deepEqual(texts(element, ".day__title"), ["March 1, 2025", "Yesterday", "Today"]);
  assert.deepEqual(texts(element, ".message__head time"), ["Mar 01, 09:00 AM", "Nov 22, 09:00 AM", "09:00 AM"]);
});

test("an answer being written is in the day of its question, whatever the browser's clock says", async () => {
  const reply = new Reply({ id: "r1", question_id: "m1", asker_id: "ada", attempt: 1, state: "running" }, new FakeConnection());
  const asked = line(1, { asks: true, at: "2026-11-23T09:00:00Z" });
  const element = await list([asked, line(0, { key: reply.key, reply, at: "2026-11-26T09:00:00Z" })]);
  assert.deepEqual(texts(element, ".day__title"), ["Today"]);
  const written = element.querySelector("assistant-answer");
  element.lines = [asked, line(2, { key: reply.key, run: answering("r1", { question_id: "m1" }), at: "2026-11-23T09:00:30Z" })];
  await element.updateComplete;
  assert.equal(element.querySelector("assistant-answer") === written, true);
});

test("times are written in the person's own language", () => {
  const german = new Clock("de-DE", () => NOW, "UTC");
  assert.equal(german.at(new Date("2026-11-23T15:21:00Z")), "15:21");
  assert.match(german.at(new Date("2026-11-22T15:21:00Z")), /22\. Nov.*15:21/);
});

test("sending, sent and failed are said in words", async () => {
  const at = new Date().toISOString();
  const error = { code: "too_large", message: "Too long.", retryable: false };
  const element = await list([
    line(1, { author_id: "ada" }),
    line(0, { key: "b", author_id: "ada", status: "sending", at }),
    line(0, { key: "c", author_id: "ada", status: "failed", error }),
  ]);
  assert.deepEqual(texts(element, ".message__state"), ["Sending…", "Not sent — Too long. Retry Delete"]);
});

test("only the newest of one's own says that it was sent", async () => {
  const element = await list([line(1, { author_id: "ada" }), line(2, { author_id: "ada" })]);
  assert.deepEqual(texts(element, ".message__state"), ["Sent"]);
});

test("edited and removed are marked", async () => {
  const element = await list([line(1, { edited_at: "2026-11-23T12:00:00Z" }), line(2, { removed_at: "2026-11-23T12:00:00Z", body: "" })]);
  assert.deepEqual(texts(element, ".bubble"), ["#1 (edited)", "Message removed"]);
});

test("the unread divider stands above the first new message of somebody else", async () => {
  const element = await list([line(1), line(2, { author_id: "ada" }), line(3), line(4)], { unreadAfter: 1 });
  const rows = [...element.querySelectorAll("li")];
  assert.equal(rows.findIndex((row) => row.classList.contains("unread-divider")), 2);
  assert.equal(rows.filter((row) => row.classList.contains("unread-divider")).length, 1);
});

test("buttons say which message they are about", async () => {
  const element = await list([line(1, { author_id: "ada" })]);
  const actions = heard(element, "message-action");
  element.querySelector<HTMLElement>("[data-action=edit]")!.click();
  assert.deepEqual(actions, [{ action: "edit", line: element.lines[0] }]);
});

test("others' messages can be removed by those who look after the room, and edited by nobody", async () => {
  const member = await list([line(1)]);
  assert.equal(member.querySelector("[data-action=remove]"), null);
  const keeper = await list([line(1)], { canModerate: true });
  assert.ok(keeper.querySelector("[data-action=remove]"));
  assert.equal(keeper.querySelector("[data-action=edit]"), null);
});

test("the list has one stop for Tab, and the arrows walk through it", async () => {
  const element = await list([line(1), line(2), line(3)]);
  const stops = () => [...element.querySelectorAll<HTMLElement>(".message[tabindex='0']")].map((each) => each.dataset["key"]);
  assert.deepEqual(stops(), ["k3"]);

  const last = element.querySelector<HTMLElement>("[data-key=k3]")!;
  last.focus();
  press(last, "ArrowUp");
  await element.updateComplete;
  assert.deepEqual(stops(), ["k2"]);
  press(document.activeElement!, "Home");
  await element.updateComplete;
  assert.deepEqual(stops(), ["k1"]);
});

test("up to three are named as typing", () => {
  assert.equal(typingWords(["Bob"]), "Bob is typing");
  assert.equal(typingWords(["Bob", "Cleo"]), "Bob and Cleo are typing");
  assert.equal(typingWords(["Bob", "Cleo", "Dan"]), "Bob, Cleo and Dan are typing");
  assert.equal(typingWords(["Bob", "Cleo", "Dan", "Eve"]), "Several people are typing");
});

test("the list is a list, not a live region", async () => {
  const element = await list([line(1)]);
  assert.ok(element.querySelector("ol[role=list] > li"));
  assert.equal(element.querySelector("[aria-live]"), null);
});

test("a very long history draws only its end", async () => {
  const element = await list(Array.from({ length: 10_000 }, (_, index) => line(index + 1)));
  assert.ok(element.querySelectorAll(".message").length <= 240);
  assert.equal(element.querySelector(".message:last-child .bubble")?.textContent?.trim(), "#10000");
});

test("where the newest are not among the lines nothing is the end, and nothing there is read", async () => {
  const element = await list([line(1), line(2)], { hasAfter: true, typing: ["Bob Kahn"] });
  const told = [heard(element, "bottom-seen"), heard(element, "latest-wanted")];
  assert.equal(element.isNear, false);
  assert.match(element.textContent!, /Loading newer messages/);
  assert.doesNotMatch(element.textContent!, /typing/);
  document.dispatchEvent(new Event("visibilitychange"));

  element.querySelector<HTMLElement>(".jump__button")!.click();

  assert.deepEqual(told.map((each) => each.length), [0, 1]);
});
