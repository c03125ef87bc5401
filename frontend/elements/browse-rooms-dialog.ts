import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import hashIcon from "icon:hash";
import type { PublicRoom } from "../protocol.js";
import { DialogElement, whatWentWrong } from "./dialog-element.js";
import { icon } from "./icon.js";

const PAUSE_MS = 200;

/** <browse-rooms-dialog> — the workspace's public rooms, to look for and to join. */
export class BrowseRoomsDialogElement extends DialogElement {
  static override properties = {
    ...DialogElement.properties,
    found: { state: true },
    next: { state: true },
    text: { state: true },
  };

  protected readonly heading = "Browse rooms";
  found: readonly PublicRoom[] | null = null;
  next: string | null = null;
  text = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  protected override firstUpdated(): void {
    super.firstUpdated();
    void this.#search();
  }

  protected override body(): TemplateResult {
    return html`<div class="dialog__search">
        <input
          class="input"
          type="search"
          data-first
          aria-label="Search rooms"
          placeholder="Search rooms"
          autocomplete="off"
          @input=${this.#typed}
        />
      </div>
      <ul class="choices" role="list">
        ${repeat(
          this.found ?? [],
          (room) => room.id,
          (room) => this.#room(room),
        )}
      </ul>
      ${this.found?.length === 0 ? this.#nothingFound() : nothing}
      ${this.next
        ? html`<p class="dialog__more">
            <button type="button" class="button button--small" @click=${() => this.#search(this.next)}>Show more</button>
          </p>`
        : nothing}`;
  }

  #room(room: PublicRoom): TemplateResult {
    const joined = this.client.rooms.get(room.id) !== undefined;
    const people = `${room.member_count} ${room.member_count === 1 ? "member" : "members"}`;
    return html`<li class="choice choice--two">
      <span class="choice__sign">${icon(hashIcon, true)}</span>
      <span class="choice__name">${room.name}<small>${people}${room.topic ? html` · ${room.topic}` : nothing}</small></span>
      ${joined
        ? html`<button type="button" class="button button--small" @click=${() => this.goTo(room.id)}>
            Open<span class="visually-hidden"> ${room.name}</span>
          </button>`
        : html`<button type="button" class="button button--small button--primary" ?disabled=${this.busy} @click=${() => this.#join(room)}>
            Join<span class="visually-hidden"> ${room.name}</span>
          </button>`}
    </li>`;
  }

  #nothingFound(): TemplateResult {
    return html`<div class="empty">
      <p>${this.text ? html`No room is called “${this.text}”.` : "There are no public rooms yet."}</p>
      <button type="button" class="button" @click=${() => this.fire("dialog-asked", "new-room")}>Make one</button>
    </div>`;
  }

  #join(room: PublicRoom): void {
    void this.attempt(this.client.rooms.join(room.id), () => this.fire("room-chosen", room.id));
  }

  #typed = (event: Event): void => {
    this.text = (event.target as HTMLInputElement).value.trim();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#search(), PAUSE_MS);
  };

  async #search(cursor: string | null = null): Promise<void> {
    const asked = this.text;
    const answer = await this.client.rooms.browse(asked, cursor);
    if (asked !== this.text) return; // typed on meanwhile
    this.problem = answer.ok ? "" : whatWentWrong(answer.error);
    if (!answer.ok) return;
    this.found = cursor ? [...(this.found ?? []), ...answer.data.items] : answer.data.items;
    this.next = answer.data.next;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "browse-rooms-dialog": BrowseRoomsDialogElement;
  }
}
