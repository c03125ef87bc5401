import type { Connection } from "../connection.js";
import type { HistoryPage, Message } from "../protocol.js";
import { Stretch } from "./stretch.js";
import type { Timeline } from "./timeline.js";

const PAGE = 50;
const LARGEST_PAGE = 100;
/** How far up all that lies between is loaded, too. */
const NEAR = 200;

interface Options {
  roomId: string;
  timeline: Timeline;
  connection: Connection;
  /** The room is loaded. */
  isReady: () => boolean;
  /** A page told of more than we have applied. */
  onHead: (seq: number) => void;
  changed: () => void;
}

/**
 * Which part of what was said in a room is shown: the newest, and what was loaded above it; or, after a jump far up, a
 * stretch of the past by itself.
 */
export class RoomHistory {
  loadingOlder = false;
  olderFailed = false;
  loadingNewer = false;
  newerFailed = false;

  readonly #options: Options;
  readonly #timeline: Timeline;
  /** What is shown instead of the newest. */
  #stretch: Stretch | null = null;

  constructor(options: Options) {
    this.#options = options;
    this.#timeline = options.timeline;
  }

  get messages(): readonly Message[] {
    return this.#shown.messages;
  }

  get hasBefore(): boolean {
    return this.#shown.hasBefore;
  }

  /** What is shown does not go on to the newest. */
  get hasAfter(): boolean {
    return this.#stretch !== null;
  }

  /** The newest again. */
  latest(): void {
    this.#stretch = null;
    this.loadingNewer = this.newerFailed = false;
    this.#options.changed();
  }

  change(event: Parameters<Stretch["change"]>[0]): void {
    this.#stretch?.change(event);
  }

  /** Show that message, with what was said around it, however far up it is; false when it cannot be had. */
  async reach(seq: number): Promise<boolean> {
    if (this.#stretch?.has(seq)) return true;
    const { oldestSeq, hasBefore, messages } = this.#timeline;
    if (seq >= oldestSeq || !hasBefore) this.latest();
    else if (messages.length && oldestSeq - seq <= NEAR) await this.#reachUp(seq);
    else await this.#reachAcross(seq);
    return this.#stretch?.has(seq) ?? (this.#timeline.oldestSeq <= seq || !this.#timeline.hasBefore);
  }

  async older(count = PAGE): Promise<void> {
    if (this.loadingOlder || !this.hasBefore || !this.#options.isReady()) return;
    this.loadingOlder = true;
    this.olderFailed = false;
    this.#options.changed();
    const shown = this.#shown;
    const { oldestSeq } = shown;
    const page = await this.#page(oldestSeq, count, 0);
    this.loadingOlder = false;
    this.olderFailed = page === "failed";
    const isStill = shown === this.#shown && shown.oldestSeq === oldestSeq;
    if (page && page !== "failed" && isStill) shown.prepend(page);
    this.#options.changed();
  }

  /** What was said after a stretch, until it meets the newest. */
  async newer(): Promise<void> {
    const stretch = this.#stretch;
    if (!stretch || this.loadingNewer || !this.#options.isReady()) return;
    this.loadingNewer = true;
    this.newerFailed = false;
    this.#options.changed();
    const page = await this.#page(stretch.newestSeq, 0, LARGEST_PAGE);
    if (stretch !== this.#stretch) return; // elsewhere meanwhile
    this.loadingNewer = false;
    this.newerFailed = page === "failed";
    if (page && page !== "failed") {
      stretch.append(page);
      this.#join(stretch, page.has_after);
    }
    this.#options.changed();
  }

  get #shown(): Timeline | Stretch {
    return this.#stretch ?? this.#timeline;
  }

  async #reachUp(seq: number): Promise<void> {
    this.latest();
    for (let before = Infinity; this.#timeline.oldestSeq > seq && this.#timeline.oldestSeq < before && this.hasBefore; ) {
      before = this.#timeline.oldestSeq;
      await this.older(LARGEST_PAGE);
    }
  }

  async #reachAcross(seq: number): Promise<void> {
    const page = await this.#page(seq, PAGE, PAGE);
    if (!page || page === "failed" || !page.messages.length) return;
    this.#stretch = new Stretch(page);
    this.loadingNewer = this.newerFailed = false;
    this.#join(this.#stretch, page.has_after);
    this.#options.changed();
  }

  /** A stretch that goes on to the newest is no stretch any more. */
  #join(stretch: Stretch, hasAfter: boolean): void {
    if (hasAfter && stretch.newestSeq < this.#timeline.oldestSeq) return;
    this.#timeline.prepend({ messages: stretch.messages, has_before: stretch.hasBefore });
    this.#stretch = null;
  }

  /** A page as it stands now; null when it is of another life of the room than what is shown. */
  async #page(anchor: number, before: number, after: number): Promise<HistoryPage | "failed" | null> {
    const { roomId, connection, onHead } = this.#options;
    const { epoch } = this.#timeline;
    const path = `/rooms/${roomId}/messages?anchor=${anchor}&before=${before}&after=${after}`;
    const answer = await connection.call<HistoryPage>("GET", path);
    if (!answer.ok) return "failed";
    if (this.#timeline.epoch !== epoch) return null;
    if (answer.data.epoch === epoch) onHead(answer.data.as_of);
    return { ...answer.data, messages: this.#timeline.upToDate(answer.data.messages) };
  }
}
