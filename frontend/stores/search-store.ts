import type { Connection } from "../connection.js";
import type { Failure, Found, Page } from "../protocol.js";

/** Long enough that one word typed is one question asked. */
const PAUSE_MS = 250;
/** What takes no longer than this is not said to take time. */
const SLOW_MS = 150;

/**
 * What is looked for among the messages, and what was found. Kept while the page is open, so that one comes back to it.
 * Fires `change`.
 */
export class SearchStore extends EventTarget {
  text = "";
  /** The room that is looked into; null: all. */
  roomId: string | null = null;
  /** The newest first; null before anything was asked. What was found last stays until there is something else. */
  found: readonly Found[] | null = null;
  hasMore = false;
  /** What is shown answers other words, or another room: these are not answered yet. */
  outdated = false;
  /** It takes a while. */
  slow = false;
  failure: Failure | null = null;

  #next: string | null = null;
  #asking = 0;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly connection: Connection) {
    super();
  }

  /** Look for that, in a moment: somebody may be typing. */
  seek(text: string, roomId: string | null): void {
    if (text.trim() === this.text.trim() && roomId === this.roomId) return void (this.text = text);
    this.text = text;
    this.roomId = roomId;
    this.#stop();
    if (!text.trim()) return this.#take(null, null);
    this.#pause = setTimeout(() => void this.now(), PAUSE_MS);
    this.#say(() => {
      this.outdated = true;
      this.#olderFrom(null);
    });
  }

  /** Look for it at once. */
  async now(): Promise<void> {
    this.#stop();
    if (this.text.trim()) await this.#ask(null);
  }

  /** Older ones, too. */
  async more(): Promise<void> {
    if (this.#next !== null) await this.#ask(this.#next);
  }

  /** The question that failed, once more. */
  retry(): Promise<void> {
    return this.failure && this.found && this.#next !== null ? this.more() : this.now();
  }

  async #ask(cursor: string | null): Promise<void> {
    const asking = ++this.#asking;
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#say(() => (this.slow = true)), SLOW_MS);
    const answer = await this.connection.call<Page<Found>>("GET", `/search?${this.#query(cursor)}`);
    if (asking !== this.#asking) return; // asked something else meanwhile
    this.#stop();
    if (!answer.ok) return this.#fail(answer.error, cursor === null);
    const { items, next } = answer.data;
    this.#take(cursor === null ? items : [...(this.found ?? []), ...items], next);
  }

  #query(cursor: string | null): URLSearchParams {
    const query = new URLSearchParams({ q: this.text.trim() });
    if (this.roomId !== null) query.set("room_id", this.roomId);
    if (cursor !== null) query.set("cursor", cursor);
    return query;
  }

  #take(found: readonly Found[] | null, next: string | null): void {
    this.#say(() => {
      this.failure = null;
      this.found = found;
      this.outdated = false;
      this.#olderFrom(next);
    });
  }

  #olderFrom(next: string | null): void {
    this.#next = next;
    this.hasMore = next !== null;
  }

  /** What was found for other words would look like the answer to these. */
  #fail(failure: Failure, forgetting: boolean): void {
    if (forgetting) this.#take(null, null);
    this.#say(() => (this.failure = failure));
  }

  #stop(): void {
    this.#asking += 1;
    clearTimeout(this.#pause);
    clearTimeout(this.#patience);
    this.slow = false;
  }

  #say(change: () => void): void {
    change();
    this.dispatchEvent(new Event("change"));
  }
}
