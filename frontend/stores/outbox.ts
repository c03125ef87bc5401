import type { Connection } from "../connection.js";
import type { EventOf, Failure, Requests } from "../protocol.js";
import type { OutboxStorage, Unsent } from "./outbox-storage.js";
import { uuid7 } from "./uuid7.js";

export type PendingStatus = "sending" | "sent" | "failed";

export interface Pending extends Unsent {
  status: PendingStatus;
  /** Why it failed, or, while sending, why the last try did. */
  error: Failure | null;
}

type Sent = EventOf<"message:created">;

const LONGEST_PAUSE_S = 30;

/** 1, 2, 4 … 30 s, between half and all of it. */
export function retryAfter(attempt: number, random: () => number = Math.random): number {
  return Math.min(LONGEST_PAUSE_S, 2 ** attempt) * (0.5 + random() / 2);
}

/**
 * What one room has still to be told, in order, one message in flight. Every try has the same client id, so that trying
 * again is harmless. Fires `change`.
 */
export class Outbox extends EventTarget {
  #entries: Pending[] = [];
  #flying = false;
  #attempt = 0;
  /** The life of the log that the room is in, as far as we were told. */
  #epoch = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly roomId: string,
    private readonly userId: string,
    private readonly connection: Connection,
    private readonly storage: OutboxStorage,
    private readonly delivered: (event: Sent) => void,
  ) {
    super();
    connection.onConnect(() => this.flush());
    connection.onState((state) => state === "connected" && this.flush()); // also when it is no longer stale
  }

  /** What to show below what the server has numbered. */
  get pending(): readonly Pending[] {
    return this.#entries;
  }

  /** Take over what an earlier page left behind. */
  restore(entries: readonly Unsent[]): void {
    const known = new Set(this.#entries.map((entry) => entry.client_id));
    const found = entries.filter((entry) => !known.has(entry.client_id));
    this.#entries = [...found.map((entry) => pending(entry)), ...this.#entries];
    this.#changed();
    this.flush();
  }

  /** With `ask` it is for the assistant. */
  add(body: string, ask = false): string {
    const entry: Unsent = {
      room_id: this.roomId,
      client_id: uuid7(),
      body,
      at: new Date().toISOString(),
      user_id: this.userId,
      ask,
      acknowledged: null,
    };
    this.#entries = [...this.#entries, pending(entry)];
    this.#keep(entry);
    this.#changed();
    if (this.#timer === undefined) this.flush();
    return entry.client_id;
  }

  retry(clientId: string): void {
    this.#update(clientId, { status: "sending", error: null });
    this.flush();
  }

  discard(clientId: string): void {
    this.#forget(clientId);
    this.#changed();
  }

  /** Try again now whatever the last pause was: we are connected, or somebody asked. */
  flush(): void {
    this.#stopWaiting();
    this.#attempt = 0;
    void this.#sendNext();
  }

  /** The log says it: it is a message like any other now, kept only until the record has it. */
  seen(event: Sent): void {
    if (event.client_id !== null && event.actor_id === this.userId) this.#acknowledged(event.client_id, event);
  }

  /** The record holds everything up to `applied` of this epoch: nothing can lose it any more. */
  recorded(epoch: string, applied: number): void {
    const safe = this.#entries.filter(({ acknowledged: at }) => at && at.epoch === epoch && at.seq <= applied);
    if (!safe.length) return;
    for (const entry of safe) this.#forget(entry.client_id);
    this.#changed();
  }

  /** Another life of the log: say again what only the old one had. */
  epochIs(epoch: string): void {
    this.#epoch = epoch;
    const lost = this.#entries.filter(({ acknowledged: at }) => at && at.epoch !== epoch);
    for (const entry of lost) this.#update(entry.client_id, { status: "sending", acknowledged: null });
    if (lost.length) this.flush();
  }

  async #sendNext(): Promise<void> {
    const next = this.#entries.find((entry) => entry.status === "sending");
    if (this.#flying || !next || !this.connection.connected) return;
    this.#flying = true;
    const { room_id, client_id, body } = next;
    const answer = await this.connection.ask(next.ask ? "assistant:ask" : "message:send", { room_id, client_id, body });
    this.#flying = false;
    if (answer.ok) {
      this.#attempt = 0;
      this.#answered(client_id, answer.data);
    } else if (answer.error.retryable) {
      this.#update(client_id, { error: answer.error });
      return this.#later(answer.error);
    } else {
      this.#update(client_id, { status: "failed", error: answer.error });
    }
    void this.#sendNext();
  }

  /** A duplicate of another life is kept, and shown with what that life left: there is no more to do for it. */
  #answered(clientId: string, sent: Requests["message:send"][1]): void {
    if (sent.duplicate && this.#epoch && sent.epoch !== this.#epoch) return this.discard(clientId);
    this.#acknowledged(clientId, sent);
    this.delivered(sent);
  }

  #later(error: Failure): void {
    const seconds = Math.max(error.retry_after ?? 0, retryAfter(this.#attempt));
    this.#attempt += 1;
    this.#stopWaiting();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#sendNext();
    }, seconds * 1000);
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #acknowledged(clientId: string, { epoch, seq }: Sent): void {
    this.#update(clientId, { status: "sent", error: null, acknowledged: { epoch, seq } });
  }

  #update(clientId: string, change: Partial<Pending>): void {
    const before = this.#entries.find((entry) => entry.client_id === clientId);
    if (!before) return;
    const after = { ...before, ...change };
    this.#entries = this.#entries.map((entry) => (entry === before ? after : entry));
    if (change.acknowledged !== undefined) this.#keep(after);
    this.#changed();
  }

  /** Without storage (a private window, a full disk) the outbox still works, as long as the tab lives. */
  #keep({ room_id, client_id, body, at, user_id, ask = false, acknowledged }: Unsent): void {
    this.storage.put({ room_id, client_id, body, at, user_id, ask, acknowledged }).catch(() => {});
  }

  #forget(clientId: string): void {
    this.#entries = this.#entries.filter((entry) => entry.client_id !== clientId);
    this.storage.delete(clientId).catch(() => {});
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

function pending(entry: Unsent): Pending {
  return { ...entry, status: entry.acknowledged ? "sent" : "sending", error: null };
}
