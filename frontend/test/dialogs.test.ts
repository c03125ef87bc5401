import assert from "node:assert/strict";
import { test } from "node:test";
import { mount } from "./dom.js";
import type { ChatClient } from "../chat-client.js";
import { defineElements } from "../elements/define.js";
import { whatWentWrong } from "../elements/dialog-element.js";
import type { PeopleDialogElement } from "../elements/people-dialog.js";

defineElements();

const TAKEN = "There is a room with this name, or one that looks like it. Choose another.";

test("what is wrong with a field is said once, in words and without the field's name", () => {
  const failure = { code: "conflict", message: TAKEN, retryable: false, details: { name: [TAKEN] } };
  assert.equal(whatWentWrong(failure), TAKEN);

  const blank = { ...failure, code: "invalid_payload", message: "Some fields are missing or malformed." };
  const details = { name: ["Use between 1 and 80 visible characters."], topic: ["It is too long."] };
  assert.equal(whatWentWrong({ ...blank, details }), "Use between 1 and 80 visible characters. It is too long.");
});

test("without details, or with other details, the message says it", () => {
  const failure = { code: "conflict", message: "This room is archived.", retryable: false };
  assert.equal(whatWentWrong(failure), failure.message);
  assert.equal(whatWentWrong({ ...failure, details: {} }), failure.message);
  assert.equal(whatWentWrong({ ...failure, code: "budget_exceeded", details: { left: 3 } }), failure.message);
});

for (const [kind, warned] of [["assistant", true], ["private", false]] as const)
  test(`who invites into a room of kind ${kind} is ${warned ? "" : "not "}told that answers of other rooms are read there`, async () => {
    const client = { me: { id: "ada" }, people: { all: [] }, members: () => ({ all: [] }), rooms: { get: () => ({ kind }) } };
    const dialog = await mount<PeopleDialogElement>("people-dialog", { client: client as unknown as ChatClient, inviteTo: "a-room" });
    assert.equal(/reads everything/.test(dialog.textContent ?? ""), warned);
    const id = dialog.querySelector("button:not([type])")!.getAttribute("aria-describedby");
    assert.equal(id !== null && dialog.querySelector(`#${id}`) !== null, warned);
    dialog.remove();
  });
