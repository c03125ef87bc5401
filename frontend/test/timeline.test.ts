import assert from "node:assert/strict";
import { test } from "node:test";
import type { RoomEvent } from "../protocol.js";
import { Timeline } from "../stores/timeline.js";
import { FakeConnection, FakeRoom, message, room } from "./fakes.js";

function bodies(timeline: Timeline): string[] {
  return timeline.messages.map(({ body }) => body);
}

function lobby(): FakeRoom {
  return new FakeRoom(new FakeConnection());
}

function opened(log: FakeRoom): Timeline {
  const timeline = new Timeline();
  timeline.reset({ as_of: 0, messages: [], has_before: false, room: room("lobby") }, log.epoch);
  return timeline;
}

test("events are applied in the order of their numbers, and only the next one", () => {
  const log = lobby();
  const [one, two, three] = [log.said("bob", "one"), log.said("bob", "two"), log.said("bob", "three")];
  const timeline = opened(log);

  assert.equal(timeline.apply(two), false);
  assert.equal(timeline.apply(one), true);
  assert.equal(timeline.apply(one), false);
  assert.equal(timeline.apply(two), true);
  assert.equal(timeline.apply(three), true);
  assert.deepEqual(bodies(timeline), ["one", "two", "three"]);
});

test("an event of another epoch is not applied", () => {
  const log = lobby();
  const timeline = opened(log);
  assert.equal(timeline.apply({ ...log.said("bob", "hi"), epoch: "e2" }), false);
});

test("an edit and a removal change the message they name", () => {
  const log = lobby();
  const said = log.said("bob", "helo");
  const timeline = opened(log);
  timeline.apply(said);
  const names = { message_id: said.id, message_seq: said.seq };

  timeline.apply(log.append("message:edited", "bob", { ...names, body: "hello", mentions: [], revision: 2 }));
  assert.equal(timeline.messages[0]?.body, "hello");
  assert.ok(timeline.messages[0]?.edited_at);

  timeline.apply(log.append("message:removed", "bob", { ...names, revision: 3 }));
  assert.equal(timeline.messages[0]?.body, "");
  assert.ok(timeline.messages[0]?.removed_at);
});

test("events that are no messages count, and show nothing", () => {
  const log = lobby();
  const timeline = opened(log);
  timeline.apply(log.append("member:joined", "bob", { user_id: "bob", role: "member" }));
  timeline.apply(log.said("bob", "hi"));
  assert.deepEqual(bodies(timeline), ["hi"]);
  assert.equal(timeline.seq, 2);
});

test("older pages go above, without what is shown already", () => {
  const timeline = new Timeline();
  const newest = [message(8), message(9)];
  timeline.reset({ as_of: 9, messages: newest, has_before: true, room: room("lobby") }, "e1");
  const page = { messages: [message(6), message(7), message(8)], has_before: false, has_after: true, as_of: 9, epoch: "e1" };

  timeline.prepend(page);

  assert.deepEqual(bodies(timeline), ["#6", "#7", "#8", "#9"]);
  assert.equal(timeline.hasBefore, false);
});

test("an edit of a message further up is there when its page arrives, whichever was first", () => {
  const timeline = new Timeline();
  timeline.reset({ as_of: 9, messages: [message(9)], has_before: true, room: room("lobby") }, "e1");
  const data = { message_id: "m5", message_seq: 5, body: "edited", mentions: [], revision: 2 };
  const edit = { v: 1, type: "message:edited", room_id: "lobby", epoch: "e1", seq: 10, id: "x", at: "", actor_id: "bob" };
  timeline.apply({ ...edit, client_id: null, data } as RoomEvent);

  const page = { has_before: false, has_after: true, as_of: 9, epoch: "e1" };
  timeline.prepend({ ...page, messages: [message(5), { ...message(6), revision: 4, body: "newer" }] });

  assert.deepEqual(bodies(timeline), ["edited", "newer", "#9"]);
});

test("clearing takes everything off the screen, and what is said next appears", () => {
  const log = lobby();
  const timeline = opened(log);
  timeline.apply(log.said("bob", "before"));
  timeline.clear();
  assert.deepEqual(bodies(timeline), []);
  assert.equal(timeline.hasBefore, true);
  timeline.apply(log.said("bob", "after"));
  assert.deepEqual(bodies(timeline), ["after"]);
});

test("a long-lived tab keeps the newest and can load the others again", () => {
  const log = lobby();
  const timeline = opened(log);
  for (let count = 0; count < 20; count++) timeline.apply(log.said("bob", `${count}`));
  timeline.keepNewest(5);
  assert.deepEqual(bodies(timeline), ["15", "16", "17", "18", "19"]);
  assert.equal(timeline.hasBefore, true);
});
