import assert from "node:assert/strict";
import { test } from "node:test";
import type { Person } from "../protocol.js";
import { Drafts } from "../stores/drafts.js";
import { MembersStore } from "../stores/members-store.js";
import { PeopleStore } from "../stores/people-store.js";
import { TypingStore } from "../stores/typing-store.js";
import { ADA, FakeConnection, FakeRoom, settle } from "./fakes.js";

const BOB = { id: "bob", name: "Bob Kahn", role: "member", disabled: false, presence: "offline" } as const;

async function people(...items: object[]) {
  const connection = new FakeConnection();
  connection.answerCall("GET", "/people", { items, next: null });
  const store = new PeopleStore(connection, "w1");
  await settle();
  return { connection, store };
}

test("people are loaded on connecting, with who is there", async () => {
  const { store } = await people(ADA, BOB);
  assert.equal(store.name("bob"), "Bob Kahn");
  assert.deepEqual([...store.online], ["ada"]);
});

test("coming, going and being away arrive", async () => {
  const { connection, store } = await people(ADA, BOB);
  connection.say("presence:changed", { user_id: "bob", state: "away" });
  assert.equal(store.presence("bob"), "away");
  assert.deepEqual([...store.online].sort(), ["ada", "bob"]);
  connection.say("presence:changed", { user_id: "bob", state: "offline" });
  assert.deepEqual([...store.online], ["ada"]);
});

test("a new name arrives and does not change whether one is there", async () => {
  const { connection, store } = await people({ ...BOB, presence: "active" });
  connection.say("person:changed", { id: "bob", name: "Robert", role: "member", disabled: false });
  assert.equal(store.name("bob"), "Robert");
  assert.equal(store.presence("bob"), "active");
});

test("a stranger is asked for once", async () => {
  const { connection, store } = await people(ADA);
  connection.answerCall("GET", "/people/bob", BOB);
  assert.equal(store.name("bob"), "…");
  store.name("bob");
  await settle();
  assert.equal(store.name("bob"), "Bob Kahn");
  assert.equal(connection.called.filter(([, path]) => path === "/people/bob").length, 1);
});

test("typing is a lease of six seconds", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const connection = new FakeConnection();
  const typing = new TypingStore(connection, "ada");
  connection.say("typing:started", { room_id: "lobby", user_id: "bob" });
  t.mock.timers.tick(4_000);
  connection.say("typing:started", { room_id: "lobby", user_id: "bob" });
  t.mock.timers.tick(5_999);
  assert.deepEqual([...typing.in("lobby")], ["bob"]);
  t.mock.timers.tick(1);
  assert.deepEqual([...typing.in("lobby")], []);
});

test("typing ends with a word, and with the message", () => {
  const connection = new FakeConnection();
  const typing = new TypingStore(connection, "ada");
  const log = new FakeRoom(connection);
  connection.say("typing:started", { room_id: "lobby", user_id: "bob" });
  connection.say("typing:stopped", { room_id: "lobby", user_id: "bob" });
  assert.deepEqual([...typing.in("lobby")], []);
  connection.say("typing:started", { room_id: "lobby", user_id: "bob" });
  connection.sayEvent(log.said("bob", "hello"));
  assert.deepEqual([...typing.in("lobby")], []);
});

test("we are never told that we are typing ourselves", () => {
  const connection = new FakeConnection();
  const typing = new TypingStore(connection, "ada");
  connection.say("typing:started", { room_id: "lobby", user_id: "ada" });
  assert.deepEqual([...typing.in("lobby")], []);
});

test("members are loaded when asked for, page by page, and again when somebody joins", async () => {
  const connection = new FakeConnection();
  const member = (name: string) => ({ user_id: name, name, role: "member", presence: "active", joined_at: "" });
  connection.answerCall("GET", "/rooms/lobby/members", { items: [member("bob")], next: "2" });
  connection.answerCall("GET", "/rooms/lobby/members?cursor=2", { items: [member("ada")], next: null });
  const members = new MembersStore("lobby", connection);
  await members.load();
  assert.deepEqual(members.all.map(({ name }) => name), ["ada", "bob"]);

  const log = new FakeRoom(connection);
  members.apply(log.append("member:left", "bob", { user_id: "bob" }));
  assert.deepEqual(members.all.map(({ name }) => name), ["ada"]);
  members.apply(log.append("member:joined", "bob", { user_id: "bob", role: "member" }));
  await settle();
  assert.deepEqual(members.all.map(({ name }) => name), ["ada", "bob"]);
});

test("in a workspace of thousands the assistant is met by its id", async () => {
  const connection = new FakeConnection();
  const person = (id: string): Person => ({ id, name: id, role: "member", disabled: false, presence: "offline" });
  const items = Array.from({ length: 1000 }, (_, index) => person(`p${index}`));
  connection.answerCall("GET", "/people", { items, next: "more" });
  connection.answerCall("GET", "/people/assistant-w1", { ...person("assistant-w1"), role: "assistant" });
  const people = new PeopleStore(connection, "w1");
  await settle();
  assert.equal(people.assistant?.id, "assistant-w1");
});

test("drafts are kept per room and person, and an empty one is forgotten", () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  const ada = new Drafts("ada", storage);
  ada.set("lobby", "half a");
  ada.set("hall", "another");
  assert.equal(new Drafts("ada", storage).get("lobby"), "half a");
  assert.equal(new Drafts("bob", storage).get("lobby"), "");
  ada.set("lobby", "");
  assert.equal(kept.size, 1);
});

test("a browser that forbids storage can still chat", () => {
  const forbidden = () => {
    throw new Error("denied");
  };
  const drafts = new Drafts("ada", { getItem: forbidden, setItem: forbidden, removeItem: forbidden });
  drafts.set("lobby", "text");
  assert.equal(drafts.get("lobby"), "");
});
