import { mount, press } from "./dom.js";
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { ChatClient } from "../chat-client.js";
import type { ChatAppElement } from "../elements/chat-app.js";
import { defineElements } from "../elements/define.js";
import type { Answering, Room } from "../protocol.js";
import { ADA, answering, FakeConnection, FakeRoom, MemoryOutbox, room, settle } from "./fakes.js";

defineElements();
Object.assign(HTMLDialogElement.prototype, { showModal: HTMLDialogElement.prototype.show });
afterEach(() => document.body.replaceChildren());

const ASSISTANT = { id: "assistant-w1", name: "Assistant", role: "assistant" as const, disabled: false, presence: "offline" as const };
const CONVERSATION = room("lobby", { kind: "assistant", name: null, role: "admin" });

async function drawn(app: ChatAppElement): Promise<void> {
  const inner = ["chat-window", "room-sidebar", "message-list", "message-composer", "assistant-answer", "source-panel"];
  for (let pass = 0; pass < 5; pass++) {
    await settle();
    await app.updateComplete;
    for (const each of app.querySelectorAll<ChatAppElement>(inner.join())) await each.updateComplete;
  }
}

async function page({ assistant }: { assistant: boolean }, ...rooms: Room[]) {
  history.replaceState(null, "", "/rooms/lobby");
  const connection = new FakeConnection();
  const log = new FakeRoom(connection);
  connection.answer("room:follow", () => ({ ok: true, data: { rooms, next: null } }));
  connection.answer("room:read", ({ seq }) => ({ ok: true, data: { seq, unread: 0, mentions: 0 } }));
  connection.answer("assistant:watch", () => ({ ok: true, data: { runs: [] } }));
  connection.answer("assistant:cancel", () => ({ ok: true, data: {} }));
  connection.answer("assistant:ask", ({ client_id, body }) => {
    const event = log.append("message:created", "ada", { body, mentions: [], asks: true }, client_id);
    return { ok: true, data: { ...event, duplicate: false } };
  });
  const draftStorage = { getItem: () => null, setItem: () => {}, removeItem: () => {} };
  const outboxStorage = new MemoryOutbox();
  const client = new ChatClient({ me: ADA, connection, outboxStorage, draftStorage });
  if (assistant) client.people.keep([ASSISTANT]);
  const app = await mount<ChatAppElement>("chat-app");
  app.begin(client);
  await drawn(app);
  /** Ask, and be heard by the room as the server would have it. */
  const ask = async (body: string) => {
    client.sendMessage(body);
    await drawn(app);
    const question = log.events.at(-1)!;
    connection.sayEvent(question);
    await drawn(app);
    return question.id;
  };
  const begin = (run: string) =>
    connection.say("reply:started", { room_id: "lobby", run_id: run, question_id: run, asker_id: "ada", attempt: 1 });
  const answer = (run: string, body: string, attempt = 1, changes: Partial<Answering> = {}) =>
    log.append("message:created", ASSISTANT.id, { body, mentions: [], run: answering(`${run}${attempt > 1 ? attempt : ""}`, { question_id: run, attempt, ...changes }) });
  return { app, client, connection, log, outboxStorage, ask, begin, answer };
}

const text = (element: Element | null | undefined) => element?.textContent?.replace(/\s+/g, " ").trim();
const states = (app: Element) => [...app.querySelectorAll(".answer__state")].map(text);

test("a workspace without an assistant has no sign of one", async () => {
  const { app, connection } = await page({ assistant: false }, room("lobby"));
  assert.equal(app.querySelector(".sidebar__ai"), null);
  assert.doesNotMatch(app.textContent ?? "", /assistant/i);
  assert.deepEqual(connection.asks("assistant:watch"), []);
});

test("AI opens a conversation of one's own, and the one nothing was asked in is used again", async () => {
  const { app, connection, client } = await page({ assistant: true }, room("lobby"));
  connection.answerCall("POST", "/rooms", room("c1", { kind: "assistant", name: null }));
  connection.answer("room:follow", () => ({ ok: true, data: { rooms: [room("lobby"), room("c1", { kind: "assistant", name: null })], next: null } }));
  app.querySelector<HTMLElement>(".sidebar__ai")!.click();
  await drawn(app);
  assert.deepEqual(connection.called.filter(([method]) => method === "POST"), [["POST", "/rooms", { kind: "assistant" }]]);
  assert.equal(client.roomId, "c1");
  app.goTo("lobby");
  app.querySelector<HTMLElement>(".sidebar__ai")!.click();
  await drawn(app);
  assert.equal(client.roomId, "c1");
  assert.equal(connection.called.filter(([method]) => method === "POST").length, 1);
});

test("in a conversation one asks, through the outbox, and under the same name again", async () => {
  const { app, connection, client, outboxStorage } = await page({ assistant: true }, CONVERSATION);
  connection.disconnect();
  client.sendMessage("How?");
  assert.deepEqual([...outboxStorage.entries.values()].map(({ body, ask }) => [body, ask]), [["How?", true]]);
  connection.reconnect();
  await drawn(app);
  const [asked] = connection.asks("assistant:ask") as { client_id: string; body: string }[];
  assert.equal(asked?.client_id, [...outboxStorage.entries.keys()][0]);
  assert.deepEqual(connection.asks("message:send"), []);
});

test("elsewhere one says", async () => {
  const { connection, client } = await page({ assistant: true }, room("lobby"));
  client.sendMessage("@Assistant how?");
  await settle();
  assert.equal(connection.asks("message:send").length, 1);
  assert.deepEqual(connection.asks("assistant:ask"), []);
});

test("over the budget it says so in the server's words, and offers to try again", async () => {
  const { app, connection, client } = await page({ assistant: true }, CONVERSATION);
  const details = { left: "0.12", renews_at: "2026-12-01T00:00:00Z" };
  const error = { code: "budget_exceeded", message: "Your budget is used up. It renews on 1 December.", retryable: false, details };
  connection.answer("assistant:ask", () => ({ ok: false, error }));
  client.sendMessage("How?");
  await drawn(app);
  const state = text(app.querySelector(".message__state--failed"));
  assert.match(state ?? "", /Your budget is used up. It renews on 1 December. Retry Delete/);
});

test("thinking, writing and written are one element, and it stays where it is", async () => {
  const { app, connection, ask, begin, answer } = await page({ assistant: true }, CONVERSATION);
  const run = await ask("How?");
  assert.deepEqual(states(app), ["Thinking…"]);
  const element = app.querySelector("assistant-answer");
  begin(run);
  connection.say("reply:grew", { room_id: "lobby", run_id: run, offset: 0, text: "First.\n\nSec" });
  await drawn(app);
  const first = app.querySelector(".answer__text p");
  assert.equal(text(first), "First.");
  connection.say("reply:ended", { room_id: "lobby", run_id: run, outcome: "done", length: 11 });
  connection.sayEvent(answer(run, "First.\n\nSec"));
  await drawn(app);
  assert.equal(app.querySelectorAll("assistant-answer").length, 1);
  assert.equal(app.querySelector("assistant-answer"), element);
  assert.equal(app.querySelector(".answer__text p"), first);
  assert.match(text(app.querySelector(".answer__meta")) ?? "", /^gpt · /);
});

test("questions wait in order, and an answer that does not follow its question names it", async () => {
  const { app, connection, ask, begin } = await page({ assistant: true }, CONVERSATION);
  const first = await ask("One?");
  begin(first);
  connection.say("reply:grew", { room_id: "lobby", run_id: first, offset: 0, text: "x" });
  await ask("Two?");
  await ask("Three?");
  assert.deepEqual(states(app), ["Waiting · 1 before you", "Waiting · 2 before you"]);
  assert.deepEqual([...app.querySelectorAll(".answer__about")].map(text), ["To you: One?", "To you: Two?", "To you: Three?"]);
});

test("Esc, the composer and the answer stop what one asked for; Esc again goes to the latest", async () => {
  const { app, connection, ask, begin, answer } = await page({ assistant: true }, CONVERSATION);
  const run = await ask("How?");
  begin(run);
  await drawn(app);
  press(app.querySelector("textarea")!, "Escape");
  app.querySelector<HTMLElement>(".composer__stop")!.click();
  app.querySelector<HTMLElement>("assistant-answer [data-action=stop]")!.click();
  await drawn(app);
  assert.deepEqual(connection.asks("assistant:cancel"), Array(3).fill({ run_id: run }));
  connection.sayEvent(answer(run, "Half"));
  await drawn(app);
  assert.equal(app.querySelector(".composer__stop"), null);
  press(app.querySelector("textarea")!, "Escape");
  assert.equal(connection.asks("assistant:cancel").length, 3);
});

test("asked again there is never more than one answer to see", async () => {
  const { app, connection, log, ask, answer } = await page({ assistant: true }, CONVERSATION);
  const run = await ask("How?");
  const before = answer(run, "So.");
  connection.sayEvent(before);
  await drawn(app);
  const retried = { id: `${run}2`, room_id: "lobby", question_id: run, asker_id: "ada", attempt: 2, state: "waiting" as const, place: 0 };
  connection.answer("assistant:retry", () => ({ ok: true, data: { run: retried } }));
  app.querySelector<HTMLElement>("[data-action=ask-again]")!.click();
  await drawn(app);
  assert.deepEqual(states(app), ["Thinking…"]);
  assert.equal(app.querySelectorAll("assistant-answer").length, 1);
  connection.sayEvent(answer(run, "Otherwise.", 2));
  connection.sayEvent(log.append("message:removed", ASSISTANT.id, { message_id: before.id, message_seq: before.seq, revision: 2 }));
  await drawn(app);
  assert.deepEqual([...app.querySelectorAll(".answer__text")].map(text), ["Otherwise."]);
});

const FAILED = { outcome: "failed" as const, error: { code: "provider_refused", message: "It refused.", retryable: true } };

test("a failure leaves the former answer where it was, and says below it what went wrong", async () => {
  const { app, connection, ask, answer } = await page({ assistant: true }, CONVERSATION);
  const run = await ask("How?");
  connection.sayEvent(answer(run, "So."));
  connection.say("reply:started", { room_id: "lobby", run_id: `${run}2`, question_id: run, asker_id: "ada", attempt: 2 });
  connection.say("reply:grew", { room_id: "lobby", run_id: `${run}2`, offset: 0, text: "Oth" });
  await drawn(app);
  assert.deepEqual([...app.querySelectorAll(".answer__text")].map(text), ["Oth"]);
  connection.sayEvent(answer(run, "", 2, FAILED));
  await drawn(app);
  assert.deepEqual([...app.querySelectorAll(".answer__text")].map(text), ["So.", ""]);
  assert.deepEqual(states(app), ["It refused. Try again"]);
  connection.sayEvent(answer(run, "Better.", 3));
  await drawn(app);
  assert.deepEqual([...app.querySelectorAll(".answer__text")].map(text), ["Better."]);
  assert.equal(states(app).length, 0);
});

test("an answer that was removed is not shown either while nobody has said who the assistant is", async () => {
  const { app, connection, log, ask, answer } = await page({ assistant: false }, room("lobby"));
  const run = await ask("Why?");
  const error = { code: "provider_refused", message: "The provider refused the request.", retryable: true };
  const failed = answer(run, "", 1, { outcome: "failed", error });
  connection.sayEvent(failed);
  await drawn(app);
  assert.equal(states(app).length, 1);
  connection.sayEvent(log.append("message:removed", ASSISTANT.id, { message_id: failed.id, message_seq: failed.seq, revision: 2 }));
  await drawn(app);
  assert.deepEqual(states(app), []);
});

test("a later answer that was removed takes nobody's place", async () => {
  const { app, connection, log, ask, answer } = await page({ assistant: true }, CONVERSATION);
  const run = await ask("How?");
  connection.sayEvent(answer(run, "So."));
  const notice = answer(run, "", 2, FAILED);
  connection.sayEvent(notice);
  connection.sayEvent(log.append("message:removed", "ada", { message_id: notice.id, message_seq: notice.seq, revision: 2 }));
  await drawn(app);
  assert.deepEqual([...app.querySelectorAll(".answer__text")].map(text), ["So."]);
  assert.equal(states(app).length, 0);
});

test("a finished answer is read out once, its pieces never", async (t) => {
  const { app, connection, ask, begin, answer } = await page({ assistant: true }, CONVERSATION);
  const run = await ask("How?");
  t.mock.timers.enable({ apis: ["setTimeout"] });
  begin(run);
  connection.say("reply:grew", { room_id: "lobby", run_id: run, offset: 0, text: "So it is." });
  t.mock.timers.tick(1_000);
  await drawn(app);
  const region = app.querySelector("message-announcer [aria-live]");
  assert.equal(text(region), "");
  connection.sayEvent(answer(run, "So it is."));
  t.mock.timers.tick(1_000);
  await drawn(app);
  assert.equal(text(region), "Assistant: So it is.");
});

test("a document's passage opens beside the conversation, and one that is gone says so", async () => {
  const { app, connection, log, ask } = await page({ assistant: true }, CONVERSATION);
  const run = await ask("How?");
  const source = { n: 1, kind: "document" as const, title: "notes.md", quote: "so it is", passage_id: "p1" };
  const sources = [source, { ...source, n: 2, passage_id: "p2" }];
  const passage = { id: "p1", document_id: "d1", title: "notes.md", heading: "Why", text: "so it is", start: 8, before: "Before.", after: "After." };
  connection.answerCall("GET", "/passages/p1", passage);
  connection.sayEvent(log.append("message:created", ASSISTANT.id, { body: "See [1].", mentions: [], run: answering(run, { question_id: run, sources }) }));
  await drawn(app);
  app.querySelector<HTMLElement>("button.cite")!.click();
  await drawn(app);
  assert.equal(text(app.querySelector(".passage")), "Why Before. so it is After.");
  app.querySelectorAll<HTMLElement>(".source")[1]!.click();
  await drawn(app);
  assert.match(text(app.querySelector("source-panel")) ?? "", /so it is/);
  assert.ok(app.querySelector("source-panel .notice"));
});
