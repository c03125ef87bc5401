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
  /** Raised whenever one goes somewhere: a page that was asked for to lead elsewhere comes too late. */
  #jump = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#timeline = options.timeline;
  }

  get messages(): readonly Message[] {
    return this.#shown.messages;
  }

  /** What was said last and is loaded, whatever is shown. */
  get newest(): readonly Message[] {
    return this.#timeline.messages;
  }

  get hasBefore(): boolean {
    return this.#shown.hasBefore;
  }

  /** What is shown does not go on to the newest. */
  get hasAfter(): boolean {
    return this.#stretch !== null;
  }

  /** The newest again, whatever is on its way. */
  latest(): void {
    this.#jump += 1;
    this.#show(null);
  }

  /** What is loaded of the newest was replaced, for something may have been missed: in a stretch of the same life, too. */
  renew(): void {
    const stretch = this.#stretch;
    if (stretch?.epoch === this.#timeline.epoch) void this.#renew(stretch);
    else this.#show(null);
  }

  change(event: Parameters<Stretch["change"]>[0]): void {
    this.#stretch?.change(event);
  }

  /**
   * Show that message, with what was said around it, however far up it is; false when it cannot be had, and one stays
   * where one is; null when one went elsewhere meanwhile.
   */
  async reach(seq: number): Promise<boolean | null> {
    const jump = ++this.#jump;
    if (this.#shows(seq)) return true;
    const { oldestSeq, hasBefore, messages } = this.#timeline;
    if (seq >= oldestSeq || !hasBefore) this.#show(null);
    else if (messages.length && oldestSeq - seq <= NEAR) await this.#reachUp(seq, jump);
    else await this.#reachAcross(seq, jump);
    return jump === this.#jump ? this.#shows(seq) : null;
  }

  async older(): Promise<void> {
    if (this.loadingOlder || !this.hasBefore || !this.#options.isReady()) return;
    this.loadingOlder = true;
    this.olderFailed = false;
    this.#options.changed();
    const shown = this.#shown;
    const { oldestSeq } = shown;
    const page = await this.#page(oldestSeq, PAGE, 0);
    if (shown !== this.#shown) return; // elsewhere meanwhile
    this.loadingOlder = false;
    this.olderFailed = page === "failed";
    if (page && page !== "failed" && shown.oldestSeq === oldestSeq) shown.prepend(page);
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
      if (this.#joins(stretch, page.has_after)) return this.#show(null);
    }
    this.#options.changed();
  }

  get #shown(): Timeline | Stretch {
    return this.#stretch ?? this.#timeline;
  }

  /** It is among what is shown, or would stand above the very first message. */
  #shows(seq: number): boolean {
    if (seq < this.#shown.oldestSeq) return !this.#shown.hasBefore;
    return !this.#stretch || seq <= this.#stretch.newestSeq;
  }

  #show(stretch: Stretch | null): void {
    this.#stretch = stretch;
    this.loadingOlder = this.olderFailed = this.loadingNewer = this.newerFailed = false;
    this.#options.changed();
  }

  /** The newest, once all is loaded that lies between. */
  async #reachUp(seq: number, jump: number): Promise<void> {
    const timeline = this.#timeline;
    this.loadingOlder = true;
    this.#options.changed();
    for (let before = Infinity; seq < timeline.oldestSeq && timeline.oldestSeq < before && timeline.hasBefore; ) {
      before = timeline.oldestSeq;
      const page = await this.#page(before, LARGEST_PAGE, 0);
      const isLate = jump !== this.#jump || timeline.oldestSeq > before;
      if (!page || page === "failed" || isLate) return this.#stay();
      timeline.prepend(page);
    }
    this.#show(null);
  }

  #stay(): void {
    this.loadingOlder = false;
    this.#options.changed();
  }

  async #reachAcross(seq: number, jump: number): Promise<void> {
    const page = await this.#page(seq, PAGE, PAGE);
    if (!page || page === "failed" || !page.messages.length || jump !== this.#jump) return;
    const stretch = new Stretch(page);
    this.#show(this.#joins(stretch, page.has_after) ? null : stretch);
  }

  /** The same part of the past as it stands now; the newest, when that cannot be had. */
  async #renew(stretch: Stretch): Promise<void> {
    const jump = ++this.#jump;
    await this.#reachAcross(stretch.messages[stretch.messages.length >> 1]!.seq, jump);
    if (jump === this.#jump && stretch === this.#stretch) this.#show(null);
  }

  /** True for a stretch that goes on to the newest: it is part of that, then, and none any more. */
  #joins(stretch: Stretch, hasAfter: boolean): boolean {
    if (hasAfter && stretch.newestSeq < this.#timeline.oldestSeq) return false;
    this.#timeline.prepend({ messages: stretch.messages, has_before: stretch.hasBefore });
    return true;
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
