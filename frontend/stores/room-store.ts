import type { Connection } from "../connection.js";
import type { Answer, Failure, Message, Presence, Resumed, RoomEvent, ServerEvents } from "../protocol.js";
import { Outbox } from "./outbox.js";
import type { OutboxStorage } from "./outbox-storage.js";
import { type Reply, replyKey } from "./replies-store.js";
import { RoomHistory } from "./room-history.js";
import { Timeline } from "./timeline.js";

export type LineStatus = "sending" | "sent" | "failed";

/** A message as it is shown; `key` stays the same from the first keystroke's Enter until it is numbered. */
export interface Line extends Message {
  /** It is still being waited for, or written. */
  reply?: Reply;
  /** How many answers come before it. */
  place?: number;
  key: string;
  status: LineStatus;
  error: Failure | null;
}

/** `gone`: there is no such room, or not for us. */
export type RoomState = "loading" | "ready" | "failed" | "gone";

const GAP_PATIENCE_MS = 300;
const FRUITLESS_TRIES = 3;
const PAGE = 50;
const KEPT = 500;

interface Options {
  roomId: string;
  userId: string;
  connection: Connection;
  storage: OutboxStorage;
  /** Who of the room is there, as a resume tells it. */
  onPresence?: (presence: Record<string, Presence>) => void;
}

/**
 * One room as this browser knows it: what the server has numbered, applied in order, then what we are still trying to
 * say. Knows nothing of the DOM. Fires `change`.
 */
export class RoomStore extends EventTarget {
  readonly roomId: string;
  readonly outbox: Outbox;
  readonly history: RoomHistory;
  state: RoomState = "loading";

  readonly #connection: Connection;
  readonly #options: Options;
  readonly #timeline = new Timeline();
  readonly #aside = new Map<number, RoomEvent>();
  /** Somebody looks at it. A room nobody looks at catches up when somebody does: resuming is limited. */
  #watched = false;
  /** Something was missed while nobody looked. */
  #behind = true;
  #catchingUp: Promise<void> | null = null;
  #fruitless = 0;
  #headSeq = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #lines: readonly Line[] | null = null;
  #linesOf = new WeakMap<object, Line>();

  constructor(options: Options) {
    super();
    const { roomId, userId, connection, storage } = options;
    this.roomId = roomId;
    this.#options = options;
    this.#connection = connection;
    this.history = new RoomHistory({
      roomId,
      connection,
      timeline: this.#timeline,
      isReady: () => this.state === "ready",
      onHead: (seq) => (this.#headSeq = Math.max(this.#headSeq, seq)),
      changed: () => this.#changed(),
    });
    this.outbox = new Outbox(roomId, userId, connection, storage, (event) => this.receive(event));
    this.outbox.addEventListener("change", () => this.#changed());
    connection.onConnect(() => {
      this.#attempt = 0;
      this.#behind = true;
      if (this.#watched) void this.catchUp();
    });
  }

  /** Load the room, or what was missed in it, and keep it current while it is watched. */
  watch(): void {
    this.#watched = true;
    if (this.state === "failed" || this.state === "gone") this.#setState("loading");
    if (this.#behind && this.#connection.connected) void this.catchUp();
  }

  /** Keep what a quick return needs, let go of what is far up. */
  unwatch(): void {
    this.#watched = false;
    this.#timeline.keepNewest(KEPT);
    this.history.latest();
  }

  get lines(): readonly Line[] {
    this.#lines ??= this.#draw();
    return this.#lines;
  }

  /** With `ask` it is for the assistant. What one says oneself is said at the end, and shown there. */
  send(body: string, ask = false): string {
    this.history.latest();
    return this.outbox.add(body, ask);
  }

  async edit(message: Message, body: string): Promise<Answer<unknown>> {
    const { id: message_id, revision } = message;
    return this.#receiveAnswer(await this.#connection.ask("message:edit", { message_id, body, revision }));
  }

  async remove(message: Message): Promise<Answer<unknown>> {
    const { id: message_id, revision } = message;
    return this.#receiveAnswer(await this.#connection.ask("message:remove", { message_id, revision }));
  }

  /** An event of this room, from wherever: the next is shown, older ones are dropped, later ones wait for those between. */
  receive(event: RoomEvent): void {
    if (this.#timeline.epoch && event.epoch !== this.#timeline.epoch) return void this.#startOver();
    if (this.#timeline.epoch && event.seq <= this.#timeline.seq) return;
    this.#aside.set(event.seq, event);
    if (this.#timeline.epoch) this.#applyAside();
    if (this.#aside.size) this.#catchUpSoon();
    this.#changed();
  }

  head({ epoch, seq, applied }: ServerEvents["room:head"]): void {
    this.outbox.recorded(epoch, applied);
    if (!this.#timeline.epoch) return;
    if (epoch !== this.#timeline.epoch) return void this.reset(epoch);
    this.#headSeq = Math.max(this.#headSeq, seq);
    if (seq > this.#timeline.seq) this.#catchUpSoon();
  }

  /** Another life of the log: what we hold of the old one may never have happened. */
  reset(epoch: string): void {
    this.outbox.epochIs(epoch);
    if (epoch !== this.#timeline.epoch) this.#startOver();
  }

  /** Ask for what we missed; without a known epoch, start over from a snapshot. */
  catchUp(): Promise<void> {
    this.#stopWaiting();
    this.#catchingUp ??= this.#resume().finally(() => (this.#catchingUp = null));
    return this.#catchingUp;
  }

  /** Resolves when it is loaded, with what was missed in it, or known that it cannot be. */
  async ready(): Promise<void> {
    while (this.state === "loading") await new Promise((resolve) => this.addEventListener("change", resolve, { once: true }));
    await this.#catchingUp;
  }

  clear(): void {
    this.#timeline.clear();
    this.history.latest();
  }

  /** We were removed, or left; coming back starts from a snapshot. */
  leave(): void {
    this.#startOver();
    this.history.latest();
    this.#stopWaiting();
    this.#behind = true;
    this.#setState("gone");
  }

  async #resume(): Promise<void> {
    for (let more = true; more; ) {
      const { epoch, seq: after } = this.#timeline;
      const asked = epoch ? { room_id: this.roomId, epoch, after } : { room_id: this.roomId };
      const answer = await this.#connection.ask("room:resume", asked);
      if (!answer.ok) return this.#resumeFailed(answer.error);
      if (epoch !== this.#timeline.epoch) continue; // told to start over while we asked
      more = this.#take(answer.data) && answer.data.has_more;
    }
    this.#attempt = 0;
    this.#behind = false;
    this.#judgeGap();
    this.#setState("ready");
  }

  /** True when it brought us further. */
  #take(resumed: Resumed): boolean {
    const before = this.#timeline.seq;
    if (resumed.snapshot) {
      this.#timeline.reset(resumed.snapshot, resumed.epoch);
      this.history.renew();
      this.#headSeq = 0;
      this.outbox.epochIs(resumed.epoch);
      this.outbox.recorded(resumed.epoch, resumed.snapshot.room?.applied ?? 0);
    }
    for (const event of resumed.events) this.#aside.set(event.seq, event);
    this.#applyAside();
    this.#headSeq = Math.max(this.#headSeq, resumed.epoch === this.#timeline.epoch ? resumed.seq : 0);
    this.#options.onPresence?.(resumed.presence);
    this.#changed();
    return this.#timeline.seq > before || resumed.snapshot !== null;
  }

  #applyAside(): void {
    for (const seq of this.#aside.keys()) if (seq <= this.#timeline.seq) this.#aside.delete(seq);
    for (let next; (next = this.#aside.get(this.#timeline.seq + 1)); ) {
      this.#aside.delete(next.seq);
      if (!this.#timeline.apply(next)) return;
      if (next.type === "message:edited" || next.type === "message:removed") this.history.change(next);
      this.#fruitless = 0;
      if (next.type === "message:created") this.outbox.seen(next);
    }
  }

  /** Still behind after asking: the log cannot be read where we stand. Twice more, then from a snapshot. */
  #judgeGap(): void {
    if (!this.#aside.size && this.#headSeq <= this.#timeline.seq) return void (this.#fruitless = 0);
    this.#fruitless += 1;
    if (this.#fruitless >= FRUITLESS_TRIES) this.#startOver();
    else this.#catchUpSoon();
  }

  #startOver(): void {
    this.#timeline.epoch = "";
    this.#aside.clear();
    this.#fruitless = 0;
    this.#headSeq = 0;
    this.#catchUpSoon();
  }

  /** In a moment: what is missing is usually on its way. A room nobody looks at waits until somebody does. */
  #catchUpSoon(): void {
    if (!this.#watched) {
      this.#behind = true;
      this.#aside.clear();
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const behind = this.#aside.size || this.#headSeq > this.#timeline.seq || !this.#timeline.epoch;
      if (behind) void this.catchUp();
    }, GAP_PATIENCE_MS);
  }

  #resumeFailed(error: Failure): void {
    this.#behind = true;
    if (error.code === "room_not_found" || error.code === "not_found") return this.#setState("gone");
    if (!error.retryable) return this.#setState("failed");
    if (!this.#connection.connected) return; // the next connection resumes
    const seconds = Math.max(error.retry_after ?? 0, Math.min(30, 2 ** this.#attempt++));
    this.#stopWaiting();
    this.#timer = setTimeout(() => void this.catchUp(), seconds * 1000);
    if (this.state === "loading" && this.#attempt >= FRUITLESS_TRIES) this.#setState("failed");
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #receiveAnswer<T extends RoomEvent>(answer: Answer<T>): Answer<T> {
    if (answer.ok) this.receive(answer.data);
    return answer;
  }

  #draw(): readonly Line[] {
    const lines = this.history.messages.map((message) => this.#lineOf(message));
    if (this.history.hasAfter) return lines;
    const shown = new Set<string>();
    for (const line of lines.slice(-2 * PAGE)) if (line.author_id === this.#options.userId) shown.add(line.key);
    const { epoch, seq } = this.#timeline;
    for (const pending of this.outbox.pending) {
      const numberedAlready = pending.acknowledged?.epoch === epoch && pending.acknowledged.seq <= seq;
      if (numberedAlready || shown.has(pending.client_id)) continue;
      lines.push({
        id: pending.client_id,
        key: pending.client_id,
        room_id: this.roomId,
        seq: 0,
        author_id: this.#options.userId,
        client_id: pending.client_id,
        body: pending.body,
        mentions: [],
        revision: 0,
        at: pending.at,
        edited_at: null,
        removed_at: null,
        status: pending.status,
        error: pending.error,
      });
    }
    return lines;
  }

  /** The same line for the same message, so that what did not change is not drawn again. */
  #lineOf(message: Message): Line {
    let line = this.#linesOf.get(message);
    if (!line) {
      const ours = message.author_id === this.#options.userId && message.client_id;
      const key = ours || (message.run ? replyKey(message.run.id) : message.id);
      line = { ...message, key, status: "sent", error: null };
      this.#linesOf.set(message, line);
    }
    return line;
  }

  #setState(state: RoomState): void {
    this.state = state;
    this.#changed();
  }

  #changed(): void {
    this.#lines = null;
    this.dispatchEvent(new Event("change"));
  }
}
