import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import arrowDownIcon from "icon:arrow-down";
import type { Line } from "../stores/room-store.js";
import { icon } from "./icon.js";
import { LightElement } from "./light-element.js";
import type { Mention } from "./markdown.js";
import { messageRow } from "./message-row.js";
import { chunks, type Day, days, type Row } from "./rows.js";
import { Clock } from "./times.js";

/** Near enough to the end to be called there. */
const AT_BOTTOM_PX = 64;
/** Rows drawn at first, and how many more each time one comes near an end of them. */
const DRAWN = 80;
/** Rows drawn at most: a history of 10 000 is a window of these, moved along as one scrolls. */
const MOST_DRAWN = 400;
const SLOW_MS = 5_000;
const LONG_PRESS_MS = 500;

/**
 * <message-list> — what was said, the newest at the bottom.
 *
 * Stays at the bottom when it is there; otherwise what one reads does not move, whatever arrives above or below.
 *
 * @fires older-wanted     one came near the top
 * @fires bottom-seen      detail: the highest number on the screen; the tab is visible
 * @fires message-action   detail: {action: "edit" | "remove" | "retry" | "discard" | "copied", line}
 */
export class MessageListElement extends LightElement {
  static override properties = {
    lines: { attribute: false },
    currentUserId: { attribute: false },
    nameOf: { attribute: false },
    namesVersion: { attribute: false },
    unreadAfter: { attribute: false },
    editingKey: { attribute: false },
    canModerate: { attribute: false },
    hasBefore: { attribute: false },
    loadingOlder: { attribute: false },
    olderFailed: { attribute: false },
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
  editingKey: string | null = null;
  canModerate = false;
  hasBefore = false;
  loadingOlder = false;
  olderFailed = false;
  typing: readonly string[] = [];
  /** What stands above the very first message. */
  start: TemplateResult | typeof nothing = nothing;
  clock = new Clock();

  /** At the bottom, and staying there. */
  isNear = true;
  newer = 0;

  #drawn = DRAWN;
  /** How many of the newest are not drawn, because one is far above them. */
  #below = 0;
  #currentKey: string | null = null;
  #seenSeq = 0;
  #anchor: { row: HTMLElement; top: number } | null = null;
  #opened = false;
  #lastTop = 0;
  #resized: ResizeObserver | null = null;
  #slowChecks = 0;
  #slowTimer: ReturnType<typeof setTimeout> | undefined;
  #pressTimer: ReturnType<typeof setTimeout> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("scroll", this.#scrolled, { passive: true });
    this.addEventListener("click", this.#clicked);
    this.addEventListener("keydown", this.#walked);
    this.addEventListener("focusin", this.#focused);
    this.addEventListener("pointerdown", this.#pressed);
    for (const end of ["pointerup", "pointercancel", "pointermove"]) this.addEventListener(end, this.#released);
    document.addEventListener("visibilitychange", this.#tellSeen);
    this.#resized = new ResizeObserver(() => this.#hold());
    this.#resized.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.#tellSeen);
    this.#resized?.disconnect();
    clearTimeout(this.#slowTimer);
  }

  /** Go to the newest message. */
  jumpToLatest(): void {
    this.#drawNewest();
    this.newer = 0;
    this.requestUpdate();
    void this.updateComplete.then(() => this.#toBottom());
  }

  protected override firstUpdated(): void {
    this.#resized?.observe(this.querySelector(".messages")!);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("lines")) this.#linesChanged(changed.get("lines") ?? []);
    this.#anchor = this.isNear ? null : this.#firstVisible();
  }

  protected override render(): TemplateResult {
    const end = this.lines.length - this.#below;
    const drawn = this.lines.slice(Math.max(0, end - this.#drawn), end);
    const current = drawn.some((line) => line.key === this.#currentKey) ? this.#currentKey : (drawn.at(-1)?.key ?? null);
    const newestOwn = drawn.findLast((line) => line.author_id === this.currentUserId)?.key;
    const atStart = drawn[0] === this.lines[0] && !this.hasBefore;
    return html`<div class="messages">
        ${atStart ? this.start : this.#above()}
        ${repeat(
          days(drawn, this.unreadAfter, this.currentUserId, this.clock),
          (day) => day.key,
          (day) => this.#day(day, current, newestOwn),
        )}
        ${this.#typing()}
      </div>
      ${this.isNear ? nothing : this.#jump()}`;
  }

  #day(day: Day, current: string | null, newestOwn: string | undefined): TemplateResult {
    const title = this.clock.day(day.date);
    return html`<section class="day" aria-label=${title}>
      <h3 class="day__title"><span>${title}</span></h3>
      <ol class="day__messages" role="list">
        ${repeat(
          chunks(day.rows),
          (chunk) => chunk.key,
          (chunk) => this.#chunk(chunk.rows, current, newestOwn),
        )}
      </ol>
    </section>`;
  }

  /** Drawn again only when something it shows is different: in a long history most chunks never are. */
  #chunk(rows: readonly Row[], current: string | null, newestOwn: string | undefined): unknown {
    const within = (key: string | null | undefined) => (rows.some((row) => row.line.key === key) ? key : null);
    const waiting = rows.some((row) => row.line.status === "sending");
    const shown = rows.flatMap(({ line, first, last, unreadAbove }) => [line, first, last, unreadAbove]);
    const marked = [within(current), within(newestOwn), within(this.editingKey), waiting ? this.#slowChecks : 0];
    return guard([...shown, ...marked, this.namesVersion, this.canModerate, this.clock.dayKey(new Date())], () =>
      repeat(
        rows,
        (row) => row.line.key,
        (row) => this.#row(row, row.line.key === current, row.line.key === newestOwn),
      ),
    );
  }

  #row(row: Row, current: boolean, newestOwn: boolean): TemplateResult {
    const { line } = row;
    const own = line.author_id === this.currentUserId;
    return messageRow(row, {
      own,
      author: this.nameOf(line.author_id),
      mentions: line.mentions.map((id): Mention => ({ name: this.nameOf(id), self: id === this.currentUserId })),
      clock: this.clock,
      current,
      editing: line.key === this.editingKey,
      removable: own || this.canModerate,
      newestOwn,
      slow: line.status === "sending" && Date.now() - Date.parse(line.at) > SLOW_MS,
    });
  }

  #above(): TemplateResult {
    if (this.olderFailed)
      return html`<p class="messages__above">
        Older messages could not be loaded.
        <button type="button" class="link-button" @click=${() => this.fire("older-wanted")}>Try again</button>
      </p>`;
    return html`<p class="messages__above">${this.loadingOlder ? "Loading older messages…" : nothing}</p>`;
  }

  #typing(): TemplateResult {
    return html`<div class="typing" ?data-empty=${!this.typing.length}>
      ${this.typing.length
        ? html`<span class="typing__dots" aria-hidden="true"><i></i><i></i><i></i></span>${typingWords(this.typing)}`
        : nothing}
    </div>`;
  }

  #jump(): TemplateResult {
    return html`<div class="jump">
      <button type="button" class="button button--small jump__button" @click=${this.jumpToLatest}>
        ${icon(arrowDownIcon, true)}Jump to latest${this.newer ? html` · ${this.newer}` : nothing}
      </button>
    </div>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has("lines") && !changed.has("typing") && this.#opened) return this.#restoreAnchor();
    if (!this.#opened && this.lines.length) this.#open();
    else if (this.isNear) this.#toBottom();
    else this.#restoreAnchor();
    this.#tellSeen();
    this.#remindOfSlow();
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
    const previous = before.at(-1);
    const latest = this.lines.at(-1);
    const ownIsNew = latest?.status === "sending" && latest.key !== previous?.key && latest.author_id === this.currentUserId;
    if (ownIsNew && this.#opened) this.#drawNewest();
    if (this.isNear) this.newer = 0;
    else this.newer += this.lines.filter((line) => line.seq > this.#seenSeq && line.author_id !== this.currentUserId).length;
    for (const line of this.lines.slice(-50)) this.#seenSeq = Math.max(this.#seenSeq, line.seq);
    if (!this.isNear && before.length) this.#keepInPlace(before);
  }

  #drawNewest(): void {
    this.isNear = true;
    this.#drawn = DRAWN;
    this.#below = 0;
  }

  /** What was drawn stays drawn, whatever was added above or below it. */
  #keepInPlace(before: readonly Line[]): void {
    const above = Math.max(0, this.lines.findIndex((line) => line.key === before[0]!.key));
    const below = Math.max(0, this.lines.length - before.length - above);
    this.#drawAbove(above);
    if (this.#below) this.#below = Math.min(this.#below + below, Math.max(0, this.lines.length - DRAWN));
    else this.#drawn += below;
  }

  #drawAbove(count: number): void {
    this.#drawn += count;
    const tooMany = Math.max(0, this.#drawn - MOST_DRAWN);
    this.#drawn -= tooMany;
    this.#below += tooMany;
  }

  #drawBelow(): void {
    const count = Math.min(DRAWN, this.#below);
    this.#below -= count;
    this.#drawn = Math.min(MOST_DRAWN, this.#drawn + count);
    this.requestUpdate();
  }

  /** Rows stand in order, so the first one in view is found by halving: there may be thousands. */
  #firstVisible(): { row: HTMLElement; top: number } | null {
    const edge = this.getBoundingClientRect().top;
    const rows = this.querySelectorAll<HTMLElement>(".message");
    let low = 0;
    for (let high = rows.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (rows[middle]!.getBoundingClientRect().bottom > edge) high = middle;
      else low = middle + 1;
    }
    const row = rows[low];
    return row ? { row, top: row.getBoundingClientRect().top } : null;
  }

  #restoreAnchor(): void {
    if (!this.#anchor?.row.isConnected) return;
    const moved = this.#anchor.row.getBoundingClientRect().top - this.#anchor.top;
    if (Math.abs(moved) > 1) this.scrollTop += moved;
    this.#anchor = null;
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
    const left = this.scrollHeight - this.scrollTop - this.clientHeight;
    if (this.#below && left < this.clientHeight * 1.5) this.#drawBelow();
    const near = !this.#below && left < AT_BOTTOM_PX;
    if (this.isNear && !near && !wentUp) return this.#toBottom();
    if (near !== this.isNear) this.isNear = near;
    if (near) this.newer = 0;
    if (near) this.#tellSeen();
    this.#wantOlder();
  };

  #wantOlder(): void {
    if (!this.#opened || this.scrollTop > this.clientHeight * 1.5) return;
    const above = this.lines.length - this.#below - this.#drawn;
    if (above > 0) {
      this.#drawAbove(Math.min(DRAWN, above));
      this.requestUpdate();
    } else if (this.hasBefore && !this.loadingOlder && !this.olderFailed) this.fire("older-wanted");
  }

  #tellSeen = (): void => {
    if (!this.isNear || document.visibilityState !== "visible") return;
    const seq = this.lines.reduce((most, line) => Math.max(most, line.seq), 0);
    if (seq) this.fire("bottom-seen", seq);
  };

  /** A message that is not through after five seconds says so. */
  #remindOfSlow(): void {
    clearTimeout(this.#slowTimer);
    if (this.lines.at(-1)?.status !== "sending") return;
    this.#slowTimer = setTimeout(() => {
      this.#slowChecks += 1;
      this.requestUpdate();
    }, SLOW_MS + 50);
  }

  #clicked = (event: Event): void => {
    const button = (event.target as Element).closest<HTMLElement>("[data-action], [data-copy]");
    if (!button) return;
    if (button.dataset["copy"] !== undefined) return void this.#copy(button.dataset["copy"]);
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

  #focused = (event: FocusEvent): void => {
    const key = (event.target as Element).closest<HTMLElement>(".message")?.dataset["key"];
    if (!key || key === this.#currentKey) return;
    this.#currentKey = key;
    this.requestUpdate();
  };

  /** One stop for Tab; the arrows walk from message to message. */
  #walked = (event: KeyboardEvent): void => {
    const here = (event.target as Element).closest<HTMLElement>(".message");
    if (!here || event.target !== here || event.altKey) return;
    const rows = [...this.querySelectorAll<HTMLElement>(".message")];
    const index = rows.indexOf(here);
    const next = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    rows[Math.max(0, next)]?.focus({ preventScroll: true });
    rows[Math.max(0, next)]?.scrollIntoView({ block: "nearest" });
  };

  /** On touch there is no hover: a long press shows the actions, by focusing the message. */
  #pressed = (event: PointerEvent): void => {
    if (event.pointerType !== "touch") return;
    const row = (event.target as Element).closest<HTMLElement>(".message");
    this.#pressTimer = setTimeout(() => row?.focus({ preventScroll: true }), LONG_PRESS_MS);
  };

  #released = (): void => clearTimeout(this.#pressTimer);
}

export function typingWords(names: readonly string[]): string {
  const [one, two, three] = names;
  if (names.length === 1) return `${one} is typing`;
  if (names.length === 2) return `${one} and ${two} are typing`;
  if (names.length === 3) return `${one}, ${two} and ${three} are typing`;
  return "Several people are typing";
}

declare global {
  interface HTMLElementTagNameMap {
    "message-list": MessageListElement;
  }
}
