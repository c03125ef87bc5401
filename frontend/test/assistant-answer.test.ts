import { mount } from "./dom.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { answerAloud } from "../elements/answer-aloud.js";
import type { AssistantAnswerElement } from "../elements/assistant-answer.js";
import { defineElements } from "../elements/define.js";
import { Reply } from "../stores/replies-store.js";
import type { Line } from "../stores/room-store.js";
import { answering, FakeConnection, message } from "./fakes.js";

defineElements();

function answer(properties: Partial<AssistantAnswerElement>): Promise<AssistantAnswerElement> {
  return mount<AssistantAnswerElement>("assistant-answer", properties);
}

function line(changes: Partial<Line>): Line {
  return { ...message(9, ""), key: "reply-r1", status: "sent", error: null, author_id: "assistant", ...changes };
}

test("on the page a finished block is the same node until the end, and a citation becomes a button", async () => {
  const reply = new Reply({ id: "r1", question_id: "q", asker_id: "ada", attempt: 1, state: "running" }, new FakeConnection());
  const element = await answer({ line: line({ reply }) });
  reply.take(0, "Kept.\n\nSee [1] and [2].\n\nMo");
  await element.updateComplete;
  const [kept] = element.querySelectorAll(".answer__text > p");
  assert.equal(element.querySelectorAll("span.cite").length, 2);
  reply.take(26, "re.");
  await element.updateComplete;
  assert.equal(element.querySelector(".answer__text > p"), kept);

  const source = { n: 1, kind: "document" as const, title: "notes.md", quote: "so it is" };
  element.line = line({ body: "Kept.\n\nSee [1] and [2].\n\nMore.", run: answering("r1", { sources: [source] }) });
  await element.updateComplete;
  assert.equal(element.querySelector(".answer__text > p"), kept);
  const opened: unknown[] = [];
  element.addEventListener("source-asked", (event) => opened.push((event as CustomEvent).detail));
  const cited = [...element.querySelectorAll<HTMLElement>("button.cite")];
  assert.deepEqual(cited.map((button) => button.getAttribute("aria-label")), ["Source 1: notes.md"]);
  assert.match(element.querySelector(".answer__text")!.textContent!, /and \[2\]/);
  cited[0]!.click();
  assert.deepEqual(opened, [source]);
});

test("an image in an answer is a link, never loaded, and markup is text", async () => {
  const body = "![chart](https://tracker.example/x.png)\n\n<img src=x onerror=alert(1)>";
  const element = await answer({ line: line({ body, run: answering("r1") }) });
  assert.equal(element.querySelector("img"), null);
  assert.equal(element.querySelector("a")?.getAttribute("href"), "https://tracker.example/x.png");
  assert.match(element.textContent!, /<img src=x/);
});

const states: [name: string, line: Partial<Line>, words: RegExp][] = [
  ["stopped", { body: "Half", run: answering("r1", { outcome: "stopped" }) }, /Stopped\./],
  ["failed", { run: answering("r1", { outcome: "failed", error: { code: "x", message: "No answer came.", retryable: true } }) }, /No answer came\..*Try again/],
  ["of unknown cost", { body: "Yes", run: answering("r1", { cost: null }) }, /gpt · 1.?200 \+ 34 tokens · cost unknown · 2\.5 s/],
  ["of known cost", { body: "Yes", run: answering("r1", { cost: "0.0042" }) }, /\$0\.0042/],
  ["quoted", { body: "Yes", run: answering("r1", { provider: "librarian", model: "" }) }, /No model configured/],
];

for (const [name, changes, words] of states)
  test(`an answer that is ${name} says so`, async () => {
    const element = await answer({ line: line(changes), repeatable: true });
    assert.match(element.textContent!.replace(/\s+/g, " "), words);
  });

test("what waits says how many are before it", async () => {
  const reply = new Reply({ id: "r1", question_id: "q", asker_id: "ada", attempt: 1, state: "waiting" }, new FakeConnection());
  const element = await answer({ line: line({ reply, place: 2 }), own: true });
  assert.match(element.textContent!, /Waiting · 2 before you/);
  element.line = line({ reply, place: 0 });
  await element.updateComplete;
  assert.match(element.textContent!, /Thinking…/);
});

test("what failed before anything was used says nothing of cost, and offers one way to try again", async () => {
  const error = { code: "provider_refused", message: "It refused.", retryable: true };
  const run = answering("r1", { outcome: "failed", error, input_tokens: 0, output_tokens: 0, cost: "0.00" });
  const element = await answer({ line: line({ run }), repeatable: true });
  assert.equal(element.querySelector(".answer__meta"), null);
  assert.equal(element.querySelectorAll("[data-action=ask-again]").length, 1);
});

test("read aloud an answer is words, and a long one only its beginning", () => {
  const run = answering("r1", { sources: [{ n: 1, kind: "document", title: "notes.md", quote: "x" }] });
  assert.equal(answerAloud("## So\n\n- **it** is [1]\n", run), "So it is 1 source.");
  assert.ok(answerAloud("word ".repeat(500), answering("r1")).length < 420);
  assert.equal(answerAloud("Half", answering("r1", { outcome: "stopped" })), "Stopped. Half");
});
