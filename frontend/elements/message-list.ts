import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { Message } from "../protocol.js";
import type { Line } from "../stores/room-store.js";
import { DrawnRows } from "./drawn-rows.js";
import { LightElement } from "./light-element.js";
import { jumpToLatest, jumpToUnread, newerBelow, olderAbove } from "./list-edges.js";
import { type Drawing, messageDays } from "./message-days.js";
import { putBack, type ReadingPlace, readingPlace } from "./reading-place.js";
import { RowFocus } from "./row-focus.js";
import { days } from "./rows.js";
import { SlowSending } from "./slow-sending.js";
import { Clock } from "./times.js";
import { typingLine } from "./typing-line.js";

/** Near enough to the end to be called there. */
const AT_BOTTOM_PX = 64;

/**
 * <message-list> — what was said, the newest at the bottom.
 *
 * Stays at the bottom when it is there; otherwise what one reads does not move, whatever arrives above or below.
 *
 * @fires older-wanted     one came near the top
 * @fires newer-wanted     one came near the end of what is loaded, which is not the newest
 * @fires latest-wanted    the newest messages, whether they are among the lines or not, and nothing that is on its way
 * @fires unread-wanted   the first new message is further up than what is loaded
 * @fires bottom-seen      detail: the highest number on the screen; the tab is visible
 * @fires message-action   detail: {action: "edit" | "remove" | "retry" | "discard" | "copied" | "stop" | "ask-again" | "show-question", line}
 */
export class MessageListElement extends LightElement {
  static override properties = {
    lines: { attribute: false },
    currentUserId: { attribute: false },
    nameOf: { attribute: false },
    namesVersion: { attribute: false },
    unreadAfter: { attribute: false },
    unreadCount: { attribute: false },
    editingKey: { attribute: false },
    canModerate: { attribute: false },
    hasBefore: { attribute: false },
    loadingOlder: { attribute: false },
    olderFailed: { attribute: false },
    hasAfter: { attribute: false },
    newest: { attribute: false },
    newerFailed: { attribute: false },
    typing: { attribute: false },
    start: { attribute: false },
    isNear: { state: true },
    newer: { state: true },
  };

  lines: readonly Line[] = [];
  currentUserId = "";
  nameOf: (id: string) => string = (id) => id;
  /** Changes when `nameOf` would answer otherwise. */
  namesVersion: unknown = null;
  unreadAfter: number | null = null;
  /** How many were new when the room was opened. */
  unreadCount = 0;
  editingKey: string | null = null;
  canModerate = false;
  hasBefore = false;
  loadingOlder = false;
  olderFailed = false;
  /** The newest are not among the lines: nothing here is the end. */
  hasAfter = false;
  /** The newest, as far as they are loaded, whether they are among the lines or not. */
  newest: readonly Message[] = [];
  newerFailed = false;
  typing: readonly string[] = [];
  /** What stands above the very first message. */
  start: TemplateResult | typeof nothing = nothing;
  clock = new Clock();

  /** At the bottom, and staying there. */
  isNear = true;
  newer = 0;

  readonly #rows = new DrawnRows();
  readonly #focus = new RowFocus(this);
  readonly #slow = new SlowSending(this);
  #seenSeq = 0;
  #place: ReadingPlace | null = null;
  #opened = false;
  #lastTop = 0;
  #resized: ResizeObserver | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("scroll", this.#scrolled, { passive: true });
    this.addEventListener("click", this.#clicked);
    document.addEventListener("visibilitychange", this.tellSeen);
    this.#resized = new ResizeObserver(() => this.#hold());
    this.#resized.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.tellSeen);
    this.#resized?.disconnect();
  }

  /** Go to the newest message. */
  jumpToLatest(): void {
    this.fire("latest-wanted");
    this.#drawNewest();
    this.newer = 0;
    this.requestUpdate();
    void this.updateComplete.then(() => this.#toBottom());
  }

  /** Show that message, and let the keyboard begin there; false when it is not among the lines. */
  async show(seq: number): Promise<boolean> {
    const index = this.lines.findIndex((line) => line.seq >= seq);
    const line = this.lines[index];
    if (!line) return false;
    this.isNear = false;
    this.#rows.around(index, this.lines.length);
    this.#focus.key = line.key;
    this.requestUpdate();
    await this.updateComplete;
    const row = [...this.querySelectorAll<HTMLElement>(".message")].find((each) => each.dataset["key"] === line.key);
    const top = row?.previousElementSibling?.matches("[data-unread]") ? row.previousElementSibling : row;
    top?.scrollIntoView({ block: "start" });
    this.isNear = !this.hasAfter && this.#rows.endsAtNewest && this.#left < 1;
    if (row) pointAt(row);
    return row !== undefined;
  }

  protected override firstUpdated(): void {
    this.#resized?.observe(this.querySelector(".messages")!);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("hasAfter") && this.hasAfter) this.isNear = false;
    if (changed.has("lines")) this.#linesChanged(changed.get("lines") ?? []);
    if (changed.has("lines") || changed.has("newest")) this.#countNewer();
    this.#place = this.isNear ? null : readingPlace(this);
  }

  protected override render(): TemplateResult {
    const drawn = this.#rows.of(this.lines);
    const atStart = drawn[0] === this.lines[0] && !this.hasBefore;
    const unreadIsAbove = this.unreadAfter !== null && !this.#unreadIsLoaded;
    const unreadAfter = unreadIsAbove ? null : this.unreadAfter;
    return html`${unreadIsAbove ? jumpToUnread(this.unreadCount, this.loadingOlder, () => this.fire("unread-wanted")) : nothing}
      <div class="messages">
        ${atStart ? this.start : this.#above()}
        ${messageDays(days(drawn, unreadAfter, this.currentUserId, this.clock), this.#drawing(drawn))}
        ${this.hasAfter ? this.#below() : typingLine(this.typing)}
      </div>
      ${this.isNear ? nothing : jumpToLatest(this.newer, () => this.jumpToLatest())}`;
  }

  get #unreadIsLoaded(): boolean {
    return this.unreadAfter !== null && ((this.lines[0]?.seq ?? 0) <= this.unreadAfter + 1 || !this.hasBefore);
  }

  #drawing(drawn: readonly Line[]): Drawing {
    const { currentUserId, nameOf, namesVersion, canModerate, editingKey, clock } = this;
    const focusKey = drawn.some((line) => line.key === this.#focus.key) ? this.#focus.key : (drawn.at(-1)?.key ?? null);
    const newestOwnKey = this.hasAfter ? null : (drawn.findLast((line) => line.author_id === currentUserId)?.key ?? null);
    return { currentUserId, nameOf, namesVersion, canModerate, editingKey, clock, focusKey, newestOwnKey, slow: this.#slow };
  }

  #above(): TemplateResult {
    return olderAbove({ loading: this.loadingOlder, failed: this.olderFailed, retry: () => this.fire("older-wanted") });
  }

  #below(): TemplateResult {
    return newerBelow({ failed: this.newerFailed, retry: () => this.fire("newer-wanted") });
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has("lines") && !changed.has("typing") && this.#opened) return this.#keepPlace();
    if (!this.#opened && this.lines.length) this.#open();
    else if (this.isNear) this.#toBottom();
    else this.#keepPlace();
    this.tellSeen();
    this.#slow.watch(this.lines);
    if (!changed.has("hasAfter")) this.#wantNewer(this.#left); // what comes below all that is drawn lets nothing scroll
    this.#wantOlder();
  }

  /** The first time: at what is new, if that is further up than one screen; else at the end. */
  #open(): void {
    this.#opened = true;
    this.#toBottom();
    const unread = this.querySelector<HTMLElement>("[data-unread]");
    if (!unread || unread.getBoundingClientRect().top >= this.getBoundingClientRect().top) return;
    unread.scrollIntoView({ block: "start" });
    this.isNear = false;
    this.newer = this.lines.filter((line) => line.seq > (this.unreadAfter ?? Infinity)).length;
  }

  #linesChanged(before: readonly Line[]): void {
    const previous = before.findLast((line) => !line.reply);
    const latest = this.lines.findLast((line) => !line.reply);
    const ownIsNew = latest?.status === "sending" && latest.key !== previous?.key && latest.author_id === this.currentUserId;
    if (ownIsNew && this.#opened) this.#drawNewest();
    if (!this.isNear && before.length) this.#keepInPlace(before);
  }

  #countNewer(): void {
    const arrived = this.hasAfter ? this.newest : this.lines;
    if (this.isNear || !this.#opened) this.newer = 0;
    else this.newer += arrived.filter(({ seq, author_id }) => seq > this.#seenSeq && author_id !== this.currentUserId).length;
    for (const { seq } of arrived.slice(-50)) this.#seenSeq = Math.max(this.#seenSeq, seq);
  }

  #drawNewest(): void {
    this.isNear = true;
    this.#rows.newest();
  }

  /** What was drawn stays drawn, whatever was added above or below it. */
  #keepInPlace(before: readonly Line[]): void {
    const above = Math.max(0, this.lines.findIndex((line) => line.key === before[0]!.key));
    const below = Math.max(0, this.lines.length - before.length - above);
    this.#rows.keep(above, below, this.lines.length);
  }

  #keepPlace(): void {
    putBack(this, this.#place);
    this.#place = null;
  }

  /** Pixels below what is in view. */
  get #left(): number {
    return this.scrollHeight - this.scrollTop - this.clientHeight;
  }

  #toBottom(): void {
    this.scrollTop = this.scrollHeight;
    this.#lastTop = this.scrollTop;
  }

  /** The window, the keyboard or the composer took room away, or rows grew: the end stays in view. */
  #hold(): void {
    if (this.isNear) this.#toBottom();
  }

  /** Away from the bottom only by going up: rows that turn out taller than the browser guessed are no reason. */
  #scrolled = (): void => {
    const wentUp = this.scrollTop < this.#lastTop - 1;
    this.#lastTop = this.scrollTop;
    const left = this.#left;
    this.#wantNewer(left);
    const near = !this.hasAfter && this.#rows.endsAtNewest && left < AT_BOTTOM_PX;
    if (this.isNear && !near && !wentUp) return this.#toBottom();
    if (near !== this.isNear) this.isNear = near;
    if (near) this.newer = 0;
    if (near) this.tellSeen();
    this.#wantOlder();
  };

  #wantNewer(left: number): void {
    if (!this.#opened || left >= this.clientHeight * 1.5) return;
    if (this.#rows.down()) this.requestUpdate();
    else if (this.hasAfter && !this.newerFailed) this.fire("newer-wanted");
  }

  #wantOlder(): void {
    if (!this.#opened || this.scrollTop > this.clientHeight * 1.5) return;
    if (this.#rows.up(this.lines.length)) this.requestUpdate();
    else if (this.hasBefore && !this.loadingOlder && !this.olderFailed) this.fire("older-wanted");
  }

  /** Say what is read, if one is at the end and looks at it. */
  tellSeen = (): void => {
    if (!this.isNear || this.hasAfter || document.visibilityState !== "visible") return;
    const seq = this.lines.reduce((most, line) => Math.max(most, line.seq), 0);
    if (seq) this.fire("bottom-seen", seq);
  };

  #clicked = (event: Event): void => {
    const button = (event.target as Element).closest<HTMLElement>("[data-action], [data-copy]");
    if (!button) return;
    if (button.dataset["copy"] !== undefined) return void this.#copy(button.closest(".code")?.querySelector("code")?.textContent ?? "");
    const line = this.#lineAt(button);
    if (!line) return;
    if (button.dataset["action"] === "copy") return void this.#copy(line.body);
    this.fire("message-action", { action: button.dataset["action"], line });
  };

  async #copy(text: string): Promise<void> {
    await navigator.clipboard.writeText(text);
    this.fire("message-action", { action: "copied" });
  }

  #lineAt(inside: Element): Line | undefined {
    const key = inside.closest<HTMLElement>(".message")?.dataset["key"];
    return this.lines.find((line) => line.key === key);
  }
}

/** The keyboard begins there, and the eye finds it, until one goes elsewhere. */
function pointAt(row: HTMLElement): void {
  row.focus({ preventScroll: true });
  row.dataset["pointed"] = "";
  row.addEventListener("blur", () => delete row.dataset["pointed"], { once: true });
}

declare global {
  interface HTMLElementTagNameMap {
    "message-list": MessageListElement;
  }
}
