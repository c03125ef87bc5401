import type { Connection, ConnectionState } from "../connection.js";
import { BUSY } from "../http.js";
import type {
  Answer,
  Answering,
  Ending,
  EventOf,
  HistoryPage,
  Me,
  Message,
  Question,
  Requests,
  Resumed,
  Room,
  RoomEvent,
  RoomEvents,
  ServerEvents,
} from "../protocol.js";
import type { OutboxStorage, Unsent } from "../stores/outbox-storage.js";

type Reply = (payload: never) => unknown;

/** The server as a page sees it: answers what it was told to answer, says what the test says. */
export class FakeConnection implements Connection {
  state: ConnectionState = "connected";
  endReason: Ending | null = null;
  restarting = false;
  readonly asked: [event: string, payload: unknown][] = [];
  readonly told: [event: string, payload: unknown][] = [];
  readonly called: [method: string, path: string, body: unknown][] = [];
  readonly #replies = new Map<string, Reply>();
  readonly #http = new Map<string, unknown>();
  readonly #hearers = new Map<string, ((payload: never) => void)[]>();
  readonly #connectHearers: (() => void)[] = [];
  readonly #stateHearers: ((state: ConnectionState) => void)[] = [];

  get connected(): boolean {
    return this.state === "connected" || this.state === "stale";
  }

  answer<E extends Question>(event: E, reply: (payload: Requests[E][0]) => Answer<Requests[E][1]> | Promise<Answer<Requests[E][1]>>) {
    this.#replies.set(event, reply as Reply);
  }

  /** Where the answer is a promise, it comes when that is kept. */
  answerCall(method: string, path: string, data: unknown): void {
    this.#http.set(`${method} ${path}`, data);
  }

  async ask<E extends Question>(event: E, payload: Requests[E][0]): Promise<Answer<Requests[E][1]>> {
    if (!this.connected) return { ok: false, error: BUSY };
    this.asked.push([event, payload]);
    const reply = this.#replies.get(event);
    return ((await reply?.(payload as never)) ?? { ok: false, error: BUSY }) as Answer<Requests[E][1]>;
  }

  tell(event: string, payload: unknown): void {
    this.told.push([event, payload]);
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    this.called.push([method, path, body]);
    const data = await this.#http.get(`${method} ${path}`);
    return data === undefined ? { ok: false, error: { ...BUSY, retryable: false } } : { ok: true, data: data as T };
  }

  on<E extends keyof ServerEvents>(event: E, hear: (payload: ServerEvents[E]) => void): void {
    this.#hearers.set(event, [...(this.#hearers.get(event) ?? []), hear as (payload: never) => void]);
  }

  onConnect(hear: () => void): void {
    this.#connectHearers.push(hear);
    if (this.connected) hear();
  }

  onState(hear: (state: ConnectionState) => void): void {
    this.#stateHearers.push(hear);
  }

  say<E extends keyof ServerEvents>(event: E, payload: ServerEvents[E]): void {
    for (const hear of this.#hearers.get(event) ?? []) hear(payload as never);
  }

  sayEvent(event: RoomEvent): void {
    this.say(event.type, event as never);
  }

  stale(is: boolean): void {
    this.state = is ? "stale" : "connected";
    for (const hear of this.#stateHearers) hear(this.state);
  }

  disconnect(): void {
    this.state = "reconnecting";
    for (const hear of this.#stateHearers) hear(this.state);
  }

  reconnect(): void {
    this.state = "connected";
    for (const hear of this.#connectHearers) hear();
    for (const hear of this.#stateHearers) hear(this.state);
  }

  end(reason: Ending): void {
    this.state = "ended";
    this.endReason = reason;
    for (const hear of this.#stateHearers) hear(this.state);
  }

  asks(event: Question): unknown[] {
    return this.asked.filter(([name]) => name === event).map(([, payload]) => payload);
  }
}

/** A room's log on the fake server, from which it answers resume and send. */
export class FakeRoom {
  epoch = "e1";
  readonly events: RoomEvent[] = [];
  readonly messages: Message[] = [];

  constructor(
    readonly connection: FakeConnection,
    readonly id = "lobby",
  ) {
    connection.answer("room:resume", (ask) => this.resume(ask));
    connection.answer("message:send", ({ client_id, body }) => {
      const before = this.events.find((event) => event.client_id === client_id);
      const event = (before ?? this.said("ada", body, client_id)) as EventOf<"message:created">;
      return { ok: true, data: { ...event, duplicate: before !== undefined } };
    });
  }

  get seq(): number {
    return this.events.length;
  }

  append<T extends keyof RoomEvents>(type: T, actor: string, data: RoomEvents[T], clientId: string | null = null): EventOf<T> {
    const seq = this.seq + 1;
    const at = new Date(Date.UTC(2026, 10, 23, 12, 0, seq)).toISOString();
    const { id: room_id, epoch } = this;
    const event = { v: 1, type, room_id, epoch, seq, id: `${epoch}-${seq}`, at, actor_id: actor, client_id: clientId, data };
    this.events.push(event as unknown as RoomEvent);
    return event;
  }

  said(actor: string, body: string, clientId: string | null = null): EventOf<"message:created"> {
    const event = this.append("message:created", actor, { body, mentions: [] }, clientId);
    this.messages.push({ ...message(event.seq, body), id: event.id, author_id: actor, client_id: clientId, at: event.at });
    return event;
  }

  /** Redis was wiped: the numbers begin again. */
  newLife(epoch: string): void {
    this.epoch = epoch;
    this.events.length = 0;
    this.messages.length = 0;
  }

  resume({ epoch, after }: Requests["room:resume"][0]): Answer<Resumed> {
    const complete = epoch === this.epoch && after !== undefined && after <= this.seq;
    const events = complete ? this.events.slice(after) : [];
    const snapshot = { as_of: this.seq, messages: this.messages.slice(-50), has_before: this.seq > 50, room: room(this.id) };
    return {
      ok: true,
      data: {
        epoch: this.epoch,
        seq: this.seq,
        complete,
        events,
        has_more: false,
        snapshot: complete ? null : snapshot,
        presence: {},
      },
    };
  }
}

export class MemoryOutbox implements OutboxStorage {
  readonly entries = new Map<string, Unsent>();

  async all(userId: string): Promise<Unsent[]> {
    return [...this.entries.values()].filter((entry) => entry.user_id === userId);
  }

  async put(entry: Unsent): Promise<void> {
    this.entries.set(entry.client_id, entry);
  }

  async delete(clientId: string): Promise<void> {
    this.entries.delete(clientId);
  }
}

export function message(seq: number, body = `#${seq}`): Message {
  return {
    id: `m${seq}`,
    room_id: "lobby",
    seq,
    author_id: "bob",
    client_id: null,
    body,
    mentions: [],
    revision: 1,
    at: "2026-11-23T12:00:00.000Z",
    edited_at: null,
    removed_at: null,
  };
}

export function answering(id: string, changes: Partial<Answering> = {}): Answering {
  return {
    id,
    question_id: "q",
    attempt: 1,
    outcome: "done",
    provider: "openai",
    model: "gpt",
    input_tokens: 1200,
    output_tokens: 34,
    cost: "0.01",
    seconds: 2.5,
    sources: [],
    error: null,
    ...changes,
  };
}

export function room(id: string, changes: Partial<Room> = {}): Room {
  return {
    id,
    kind: "public",
    name: id,
    topic: "",
    archived: false,
    role: "member",
    member_ids: null,
    epoch: "e1",
    seq: 0,
    applied: 0,
    read_seq: 0,
    unread: 0,
    mentions: 0,
    last_at: null,
    ...changes,
  };
}

export const ADA: Me = {
  id: "ada",
  name: "Ada Lovelace",
  role: "member",
  disabled: false,
  presence: "active",
  email: "ada@acme.example",
  session_id: "s1",
  workspace: { id: "w1", slug: "acme", name: "Acme" },
};

/** Something that comes when it is told to. */
export function late<T>(what: T): { coming: Promise<T>; come: () => Promise<void> } {
  let keep!: (kept: T) => void;
  const coming = new Promise<T>((resolve) => (keep = resolve));
  return { coming, come: () => (keep(what), settle()) };
}

/** A page of a room in which 1000 messages were said, each a number. */
export function pageOf(from: number, to: number, hasBefore: boolean, hasAfter = true): HistoryPage {
  const messages = Array.from({ length: to - from }, (_, index) => message(from + index));
  return { messages, has_before: hasBefore, has_after: hasAfter, as_of: 1000, epoch: "e1" };
}

/** Let everything that is already answered arrive. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
