import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import closeIcon from "icon:x";
import type { ChatClient } from "../chat-client.js";
import type { Found } from "../protocol.js";
import type { SearchStore } from "../stores/search-store.js";
import { icon } from "./icon.js";
import { LightElement } from "./light-element.js";
import { markedWords } from "./marked-words.js";
import { roomName } from "./room-name.js";
import { Clock } from "./times.js";

const LONGEST = 200;

/**
 * <search-panel> — looks for messages by their words, here or in all rooms, and opens one where it was said.
 *
 * @fires panel-closed
 * @fires message-asked  detail: {roomId, seq}
 */
export class SearchPanelElement extends LightElement {
  static override properties = {
    client: { attribute: false },
    roomId: { attribute: false },
    version: { attribute: false },
    here: { state: true },
    current: { state: true },
  };

  client!: ChatClient;
  /** The open room, which may be looked into alone. */
  roomId: string | null = null;
  version: unknown = null;
  /** Only in the open room. */
  here = false;
  /** The id of the one that Tab reaches: the last one that was looked at. */
  current = "";
  clock = new Clock();

  /** Where one was: there one is again when it closes. */
  #before: HTMLElement | null = null;
  #heard: readonly Found[] | null = null;

  get #store(): SearchStore {
    return this.client.search;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.here = this.#store.roomId !== null;
    this.#store.addEventListener("change", this.#changed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#store.removeEventListener("change", this.#changed);
  }

  /** Where one types, with all of it chosen: what one types takes its place. */
  begin(): void {
    const before = document.activeElement;
    if (before instanceof HTMLElement && !this.contains(before)) this.#before = before;
    this.#field?.focus();
    this.#field?.select();
  }

  protected override firstUpdated(): void {
    this.begin();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (this.here && this.roomId === null) this.#look(false);
    else if (this.here && changed.has("roomId")) this.#seek(this.#store.text);
  }

  protected override render(): TemplateResult {
    return html`<aside class="panel" aria-label="Search" @keydown=${this.#pressed}>
      <header class="panel__head">
        <h2>Search messages</h2>
        <button type="button" class="icon-button" aria-label="Close the search" @click=${this.#close}>${icon(closeIcon)}</button>
      </header>
      <form class="search" role="search" @submit=${this.#submitted}>
        <input
          class="input"
          type="search"
          aria-label="Words to look for"
          placeholder="Words to look for"
          autocomplete="off"
          enterkeyhint="search"
          maxlength=${LONGEST}
          .value=${this.#store.text}
          @input=${(event: Event) => this.#seek((event.target as HTMLInputElement).value)}
        />
        <fieldset class="search__where">
          <legend class="visually-hidden">Where to look</legend>
          ${this.#place("Everywhere", false)} ${this.#place("In this room", true)}
        </fieldset>
      </form>
      <p class="search__count" role="status">${this.#count()}</p>
      <div class="panel__body search__found">${this.#found()}</div>
    </aside>`;
  }

  #place(words: string, here: boolean): TemplateResult {
    return html`<label class="search__place">
      <input type="radio" name="search-place" .checked=${this.here === here} ?disabled=${here && this.roomId === null} @change=${() => this.#look(here)} />${words}
    </label>`;
  }

  /** Also for those who hear it: a region that is there before its words is read aloud, one that comes with them is not. */
  #count(): string | TemplateResult {
    const { found, slow, hasMore, outdated } = this.#store;
    if (slow) return "Searching…";
    if (outdated || !found) return "";
    if (!found.length && hasMore) return "Nothing found yet; there are older ones to look through";
    if (!found.length) return html`<span class="visually-hidden">No message found</span>`;
    if (found.length === 1 && !hasMore) return "1 message";
    return `${hasMore ? "More than " : ""}${found.length} messages, the newest first`;
  }

  #found(): TemplateResult {
    const { found, failure, hasMore, outdated, slow, text } = this.#store;
    return html`${found?.length
        ? html`<ol role="list">
            ${repeat(
              found,
              ({ message }) => message.id,
              (each) => html`<li>${this.#result(each, found)}</li>`,
            )}
          </ol>`
        : nothing}
      ${failure ? this.#failed(failure.message) : nothing} ${found?.length === 0 && !hasMore && !outdated ? this.#nothing(text.trim()) : nothing}
      ${found === null && !failure && !slow ? html`<p class="empty">Finds messages that have all of the words, in the rooms you are in.</p>` : nothing}
      ${!found?.length && slow ? html`<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i></div>` : nothing}
      ${hasMore && !failure
        ? html`<p class="search__more">
            <button type="button" class="button button--small" aria-disabled=${slow ? "true" : nothing} @click=${this.#older}>
              Show older ones
            </button>
          </p>`
        : nothing}`;
  }

  #result(found: Found, all: readonly Found[]): TemplateResult {
    const { message, excerpt, marks } = found;
    const { client } = this;
    const at = new Date(message.at);
    const reached = all.some((each) => each.message.id === this.current) ? this.current : all[0]!.message.id;
    return html`<button
      type="button"
      class="row-button found"
      data-id=${message.id}
      tabindex=${message.id === reached ? 0 : -1}
      aria-current=${message.id === this.current ? "true" : nothing}
      @focus=${() => (this.current = message.id)}
      @click=${() => this.#open(found)}
    >
      <span class="found__head">
        <span class="found__whose">
          <strong>${client.people.name(message.author_id)}</strong>
          ${this.#store.roomId === null ? html`<span>${this.#roomOf(found)}</span>` : nothing}
        </span>
        <time datetime=${message.at} title=${this.clock.full(at)}>${this.clock.at(at)}</time>
      </span>
      <span class="found__words">${markedWords(excerpt, marks)}</span>
    </button>`;
  }

  /** A direct conversation is called after the others in it, and nobody is named twice. */
  #roomOf({ room, message }: Found): string {
    const { client } = this;
    const known = client.rooms.get(room.id);
    const name = known ? roomName(known, client.me.id, client.people) : (room.name ?? "");
    if (room.kind === "assistant") return name;
    if (room.kind !== "direct") return `#${name}`;
    if (message.author_id === client.me.id) return name && `to ${name}`;
    const others = known?.member_ids?.filter((id) => id !== client.me.id);
    return others?.length === 1 ? "to you" : name;
  }

  #failed(why: string): TemplateResult {
    return html`<div class="notice notice--danger search__failed" role="alert">
      <p>${why}</p>
      <button type="button" class="button button--small" @click=${this.#again}>Try again</button>
    </div>`;
  }

  #nothing(text: string): TemplateResult {
    return html`<div class="empty">
      <p>No message has “${text}”${this.here ? " in this room" : ""}.</p>
      ${this.here ? html`<button type="button" class="button button--small" @click=${this.#lookEverywhere}>Look everywhere</button>` : nothing}
    </div>`;
  }

  get #field(): HTMLInputElement | null {
    return this.querySelector("input[type=search]");
  }

  get #rows(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>(".found")];
  }

  #seek(text: string): void {
    this.#store.seek(text, this.here ? this.roomId : null);
  }

  #look(here: boolean): void {
    this.here = here;
    this.#seek(this.#store.text);
  }

  /** The button goes, and the focus to what it stood for. */
  #lookEverywhere = (): void => {
    this.querySelector<HTMLElement>(".search__where input")?.focus();
    this.#look(false);
  };

  #older = (event: Event): void => {
    if (!this.#store.slow) void this.#goOn(event.currentTarget as HTMLElement, () => this.#store.more());
  };

  #again = (event: Event): void => void this.#goOn(event.currentTarget as HTMLElement, () => this.#store.retry());

  /** One reads on at the first message that came. Where none did, the button may be gone all the same: then at what is nearest to it. */
  async #goOn(button: HTMLElement, ask: () => Promise<void>): Promise<void> {
    const before = this.#store.found?.length ?? 0;
    await ask();
    await this.updateComplete;
    if (document.activeElement !== button && document.activeElement !== document.body) return; // one went elsewhere meanwhile
    const rows = this.#rows;
    if (rows[before]) return rows[before].focus();
    if (button.isConnected) return;
    (this.querySelector<HTMLElement>(".search__failed button, .search__more button") ?? rows.at(-1) ?? this.#field)?.focus();
  }

  #open({ message }: Found): void {
    this.current = message.id;
    this.fire("message-asked", { roomId: message.room_id, seq: message.seq });
  }

  #submitted = (event: Event): void => {
    event.preventDefault();
    void this.#store.now();
  };

  /** From where one types, Down goes to what was found; there the arrows walk, and up from the first one back. */
  #pressed = (event: KeyboardEvent): void => {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape") {
      event.preventDefault();
      return this.#close();
    }
    const rows = this.#rows;
    const target = event.target as HTMLElement;
    const next = target === this.#field ? this.#down(event, rows) : this.#walk(event, rows, rows.indexOf(target));
    if (!next) return;
    event.preventDefault();
    next.focus();
  };

  #down(event: KeyboardEvent, rows: HTMLElement[]): HTMLElement | undefined {
    return event.key === "ArrowDown" ? (rows.find((row) => row.tabIndex === 0) ?? rows[0]) : undefined;
  }

  #walk(event: KeyboardEvent, rows: HTMLElement[], index: number): HTMLElement | null | undefined {
    if (index < 0) return undefined;
    if (event.key === "ArrowUp" && index === 0) return this.#field;
    const next = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: rows.length - 1 }[event.key];
    return next === undefined ? undefined : rows[Math.min(rows.length - 1, next)];
  }

  #close = (): void => {
    const before = this.#before;
    this.fire("panel-closed");
    if (before?.isConnected && before !== document.body) before.focus();
  };

  /** Other messages were found: the keyboard begins at the first one again. */
  #changed = (): void => {
    const { found } = this.#store;
    if (found?.[0] !== this.#heard?.[0]) this.current = "";
    this.#heard = found;
    this.requestUpdate();
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "search-panel": SearchPanelElement;
  }
}
