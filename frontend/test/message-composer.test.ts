import { heard, mount, press } from "./dom.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineElements } from "../elements/define.js";
import type { MessageComposerElement } from "../elements/message-composer.js";
import { mentionBegun } from "../elements/mention-picker.js";

defineElements();

const PEOPLE = [
  { id: "ada", name: "Ada Lovelace", presence: "offline" },
  { id: "adam", name: "Adam Smith", presence: "active" },
  { id: "bob", name: "Bob Kahn", presence: "active" },
] as const;

async function composer(properties: Partial<MessageComposerElement> = {}) {
  const element = await mount<MessageComposerElement>("message-composer", properties);
  const box = element.querySelector("textarea")!;
  const write = async (text: string) => {
    box.value = text;
    box.setSelectionRange(text.length, text.length);
    box.dispatchEvent(new Event("input", { bubbles: true }));
    await element.updateComplete;
  };
  const send = element.querySelector<HTMLButtonElement>("[type=submit]")!;
  return { element, box, write, send };
}

test("Enter sends what was written, trimmed, and empties the box", async () => {
  const { element, box, write } = await composer();
  const composed = heard(element, "message-composed");
  await write("  hi  ");
  press(box, "Enter");
  assert.deepEqual(composed, ["hi"]);
  assert.equal(box.value, "");
});

test("Shift+Enter and Enter within a composition do not send", async () => {
  const { element, box, write } = await composer();
  const composed = heard(element, "message-composed");
  await write("hi");
  press(box, "Enter", { shiftKey: true });
  press(box, "Enter", { isComposing: true });
  assert.deepEqual(composed, []);
});

test("blank is nothing: the button is off and Enter does not send", async () => {
  const { element, box, write, send } = await composer();
  const composed = heard(element, "message-composed");
  await write("   ");
  press(box, "Enter");
  assert.deepEqual(composed, []);
  assert.equal(send.disabled, true);
});

test("the count appears below 100 left, and 5000 is the last that can be sent", async () => {
  const { element, box, write, send } = await composer();
  const composed = heard(element, "message-composed");
  const left = () => element.querySelector(".composer__left")?.textContent?.trim();

  await write("x".repeat(4900));
  assert.equal(left(), undefined);
  await write("x".repeat(4901));
  assert.equal(left(), "99 left");
  await write("x".repeat(5001));
  assert.equal(left(), "1 too many");
  assert.equal(send.disabled, true);
  press(box, "Enter");
  assert.deepEqual(composed, []);
  await write("x".repeat(5000));
  press(box, "Enter");
  assert.equal(composed.length, 1);
});

test("an emoji counts as one character, as the server counts it", async () => {
  const { element, write } = await composer();
  await write("🙂".repeat(4990));
  assert.equal(element.left, 10);
});

test("the box is between 44 and 200 px tall", async () => {
  const { box, write } = await composer();
  for (const [content, height] of [[10, "44px"], [120, "120px"], [900, "200px"]] as const) {
    Object.defineProperty(box, "scrollHeight", { value: content, configurable: true });
    await write(`${content}`);
    assert.equal(box.style.height, height);
  }
});

test("typing is told with each key and ends after three seconds without one", async (t) => {
  const { element, write } = await composer();
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const typing = heard(element, "typing");
  await write("h");
  t.mock.timers.tick(2_000);
  await write("he");
  t.mock.timers.tick(2_999);
  assert.deepEqual(typing, [true, true]);
  t.mock.timers.tick(1);
  assert.deepEqual(typing, [true, true, false]);
});

test("typing ends when the box is emptied", async () => {
  const { element, write } = await composer();
  const typing = heard(element, "typing");
  await write("h");
  await write("");
  assert.deepEqual(typing, [true, false]);
});

test("the draft is shown, and told when it changes", async () => {
  const { element, box, write } = await composer({ draft: "half a sen" });
  assert.equal(box.value, "half a sen");
  const drafts = heard(element, "draft-changed");
  await write("half a sentence");
  press(box, "Enter");
  assert.deepEqual(drafts, ["half a sentence", ""]);
});

test("editing borrows the box and gives the draft back", async () => {
  const { element, box } = await composer({ draft: "my draft" });
  const drafts = heard(element, "draft-changed");
  element.editing = "what I said";
  await element.updateComplete;
  assert.equal(box.value, "what I said");

  const cancelled = heard(element, "edit-cancelled");
  press(box, "Escape");
  assert.equal(cancelled.length, 1);
  element.editing = null;
  await element.updateComplete;
  assert.equal(box.value, "my draft");
  assert.deepEqual(drafts, []);
});

test("a message edited to nothing is given as that, and an empty new one not at all", async () => {
  const { element, box, write } = await composer();
  const composed = heard(element, "message-composed");
  await write("  ");
  press(box, "Enter");
  assert.deepEqual(composed, []);

  element.editing = "what I said";
  await element.updateComplete;
  await write(" ");
  assert.ok(!element.querySelector<HTMLButtonElement>(".composer__send")!.disabled);
  press(box, "Enter");
  assert.deepEqual(composed, [""]);
});

test("↑ asks for the last message, in an empty box only", async () => {
  const { element, box, write } = await composer();
  const asked = heard(element, "edit-last");
  press(box, "ArrowUp");
  await write("text");
  press(box, "ArrowUp");
  assert.equal(asked.length, 1);
});

test("@ offers members, those who are there first, and Enter takes the chosen one", async () => {
  const { element, box, write } = await composer({ people: PEOPLE });
  const composed = heard(element, "message-composed");
  await write("ask @ad");
  const offered = [...element.querySelectorAll("[role=option]")].map((each) => each.lastElementChild?.textContent);
  assert.deepEqual(offered, ["Adam Smith", "Ada Lovelace"]);

  press(box, "ArrowDown");
  press(box, "Enter");
  await element.updateComplete;
  assert.equal(box.value, "ask @Ada Lovelace ");
  assert.equal(element.querySelector("[role=listbox]"), null);
  assert.deepEqual(composed, []);
});

test("Esc closes the offer and keeps the text", async () => {
  const { element, box, write } = await composer({ people: PEOPLE });
  await write("@b");
  press(box, "Escape");
  await element.updateComplete;
  assert.equal(element.querySelector("[role=listbox]"), null);
  assert.equal(box.value, "@b");
});

test("a mention begins after a space or a bracket, not inside an address", () => {
  assert.equal(mentionBegun("hello @bo"), "bo");
  assert.equal(mentionBegun("(@"), "");
  assert.equal(mentionBegun("@Ada Lo"), "Ada Lo");
  assert.equal(mentionBegun("ada@acme"), null);
  assert.equal(mentionBegun("no mention"), null);
});
