import type { EventOf, Message, RoomEvent, Snapshot } from "../protocol.js";

export type Change = EventOf<"message:edited"> | EventOf<"message:removed">;

/**
 * The one reducer: a snapshot, pages of history and numbered events go in, the messages to show come out, oldest first.
 * Applying anything twice, or a page and an event that overlap, changes nothing. Knows neither network nor DOM.
 */
export class Timeline {
  epoch = "";
  /** The number of the last event applied; 0 before the first snapshot. */
  seq = 0;
  hasBefore = false;
  messages: readonly Message[] = [];

  /** Changes to messages that are further up than what is loaded; a page fetched meanwhile may not have them yet. */
  readonly #changesAbove = new Map<string, Change>();

  get oldestSeq(): number {
    return this.messages[0]?.seq ?? this.seq + 1;
  }

  reset(snapshot: Snapshot, epoch: string): void {
    this.epoch = epoch;
    this.seq = snapshot.as_of;
    this.hasBefore = snapshot.has_before;
    this.messages = snapshot.messages;
    this.#changesAbove.clear();
  }

  /** False when the event is not the next one: the caller drops it or finds what lies between. */
  apply(event: RoomEvent): boolean {
    if (event.epoch !== this.epoch || event.seq !== this.seq + 1) return false;
    this.seq = event.seq;
    if (event.type === "message:created") this.messages = [...this.messages, said(event)];
    if (event.type === "message:edited" || event.type === "message:removed") this.#change(event);
    return true;
  }

  prepend(page: { messages: readonly Message[]; has_before: boolean }): void {
    const before = this.oldestSeq;
    const older = this.upToDate(page.messages).filter((message) => message.seq < before);
    this.messages = [...older, ...this.messages];
    this.hasBefore = page.has_before;
  }

  /** Messages of a page, with what changed since it was asked for. */
  upToDate(messages: readonly Message[]): Message[] {
    return messages.map((message) => {
      const change = this.#changesAbove.get(message.id);
      return change ? changed(message, change) : message;
    });
  }

  /** Take what is shown off the screen; what is said next appears as before. */
  clear(): void {
    this.hasBefore = this.hasBefore || this.messages.length > 0;
    this.messages = [];
  }

  /** Let go of all but the newest: a tab that stays open for weeks must not grow for weeks. */
  keepNewest(count: number): void {
    if (this.messages.length <= count) return;
    this.messages = this.messages.slice(-count);
    this.hasBefore = true;
  }

  #change(event: Change): void {
    const index = this.messages.findLastIndex((message) => message.id === event.data.message_id);
    if (index >= 0) this.messages = this.messages.with(index, changed(this.messages[index]!, event));
    else this.#changesAbove.set(event.data.message_id, event);
  }
}

function said(event: EventOf<"message:created">): Message {
  return {
    id: event.id,
    room_id: event.room_id,
    seq: event.seq,
    author_id: event.actor_id,
    client_id: event.client_id,
    body: event.data.body,
    mentions: event.data.mentions,
    revision: 1,
    at: event.at,
    edited_at: null,
    removed_at: null,
    asks: event.data.asks ?? false,
    unasked: event.data.unasked ?? null,
    run: event.data.run ?? null,
  };
}

/** A page may be newer than the event: the higher revision wins. */
export function changed(message: Message, event: Change): Message {
  if (event.data.revision <= message.revision) return message;
  const revision = event.data.revision;
  if (event.type === "message:removed") {
    const unquoted = message.run && { run: { ...message.run, sources: [] } };
    return { ...message, revision, body: "", mentions: [], removed_at: event.at, ...unquoted };
  }
  return { ...message, revision, body: event.data.body, mentions: event.data.mentions, edited_at: event.at };
}
