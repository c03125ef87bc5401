import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import browseIcon from "icon:compass";
import chevronIcon from "icon:chevrons-up-down";
import keyboardIcon from "icon:keyboard";
import outIcon from "icon:log-out";
import plusIcon from "icon:plus";
import messagesIcon from "icon:text-search";
import searchIcon from "icon:search";
import settingsIcon from "icon:settings";
import shieldIcon from "icon:shield";
import sparklesIcon from "icon:sparkles";
import type { Me, Room } from "../protocol.js";
import { avatar } from "./avatar.js";
import { icon } from "./icon.js";
import { LightElement } from "./light-element.js";
import { byName, byRecency, type Names, roomName, roomSign } from "./room-name.js";

/** Conversations with the assistant shown before one asks for all. */
const RECENT = 6;

/**
 * <room-sidebar> — the workspace, its rooms and direct messages with what is unread, and oneself.
 *
 * @fires room-chosen   detail: the id; the link is a real one, so a new tab works too
 * @fires assistant-asked  a conversation with the assistant
 * @fires search-asked  the way to look for messages
 * @fires dialog-asked  detail: the name of a dialog
 */
export class RoomSidebarElement extends LightElement {
  static override properties = {
    me: { attribute: false },
    rooms: { attribute: false },
    loaded: { attribute: false },
    people: { attribute: false },
    version: { attribute: false },
    activeId: { attribute: false },
    watching: { attribute: false },
    offline: { attribute: false },
    csrf: { attribute: false },
    hasAssistant: { attribute: false },
    allConversations: { state: true },
  };

  me!: Me;
  rooms: readonly Room[] = [];
  loaded = false;
  people!: Names;
  version: unknown = null;
  activeId: string | null = null;
  /** Whether the open room is being read now: then it does not count as unread. */
  watching = false;
  /** Of ourselves: then nobody sees us, whatever was last said of us. */
  offline = false;
  csrf = "";
  hasAssistant = false;
  /** Not only the newest conversations with the assistant. */
  allConversations = false;

  /** The room that was last brought into view. */
  #inView: string | null = null;

  protected override render(): TemplateResult {
    const shown = this.rooms.filter((room) => !room.archived || room.id === this.activeId);
    const named = shown.filter((room) => room.kind === "public" || room.kind === "private");
    const conversations = shown.filter((room) => room.kind === "assistant");
    const direct = shown.filter((room) => room.kind === "direct");
    return html`<header class="sidebar__head">
        <span class="sidebar__mark" aria-hidden="true">${[...this.me.workspace.name][0]}</span>
        <strong class="sidebar__workspace">${this.me.workspace.name}</strong>
        <button
          type="button"
          class="icon-button"
          aria-label="Search messages"
          aria-keyshortcuts=${MODIFIER === "⌘" ? "Meta+Shift+F" : "Control+Shift+F"}
          title="Search messages (${MODIFIER} Shift F)"
          @click=${() => this.fire("search-asked")}
        >
          ${icon(messagesIcon)}
        </button>
      </header>
      <div class="sidebar__ways">
        <button type="button" class="sidebar__search" @click=${() => this.fire("dialog-asked", "switch")}>
          ${icon(searchIcon, true)}<span>Go to…</span><kbd>${MODIFIER} K</kbd>
        </button>
        ${this.hasAssistant
          ? html`<button
              type="button"
              class="sidebar__ai"
              aria-label="AI: ask the assistant"
              title="Ask the assistant"
              aria-pressed=${conversations.some((room) => room.id === this.activeId)}
              @click=${() => this.fire("assistant-asked")}
            >
              ${icon(sparklesIcon, true)}AI
            </button>`
          : nothing}
      </div>
      <nav class="sidebar__rooms" aria-label="Rooms" @keydown=${this.#walked}>
        ${this.#group("Rooms", named, "browse", "Browse rooms", browseIcon, "new-room", "New room")}
        ${this.hasAssistant || conversations.length ? this.#conversations(conversations) : nothing}
        ${this.#group("Direct messages", direct, null, "", null, "new-direct", "New direct message")}
      </nav>
      ${this.#oneself()}`;
  }

  #group(
    title: string,
    rooms: readonly Room[],
    browse: string | null,
    browseLabel: string,
    browseDrawing: Parameters<typeof icon>[0] | null,
    create: string,
    createLabel: string,
  ): TemplateResult {
    const ask = (dialog: string) => () => this.fire("dialog-asked", dialog);
    return html`<section class="sidebar__group">
      <header class="sidebar__group-head">
        <h2>${title}</h2>
        ${browse && browseDrawing
          ? html`<button
              type="button"
              class="icon-button icon-button--small"
              aria-label=${browseLabel}
              title=${browseLabel}
              @click=${ask(browse)}
            >
              ${icon(browseDrawing, true)}
            </button>`
          : nothing}
        <button
          type="button"
          class="icon-button icon-button--small"
          aria-label=${createLabel}
          title=${createLabel}
          @click=${ask(create)}
        >
          ${icon(plusIcon, true)}
        </button>
      </header>
      ${rooms.length
        ? html`<ul role="list">
            ${repeat(
              byName(rooms, this.me.id, this.people),
              (room) => room.id,
              (room) => html`<li>${this.#room(room)}</li>`,
            )}
          </ul>`
        : this.#nothingHere(title)}
    </section>`;
  }

  /** With the assistant, the newest first: there may be many, and each is soon forgotten. */
  #conversations(rooms: readonly Room[]): TemplateResult {
    const recent = byRecency(rooms);
    const isShown = (room: Room, index: number) => this.allConversations || index < RECENT || room.id === this.activeId;
    const shown = recent.filter(isShown);
    return html`<section class="sidebar__group">
      <header class="sidebar__group-head">
        <h2>Assistant</h2>
        ${this.hasAssistant
          ? html`<button
              type="button"
              class="icon-button icon-button--small"
              aria-label="New conversation with the assistant"
              title="New conversation"
              @click=${() => this.fire("assistant-asked")}
            >
              ${icon(plusIcon, true)}
            </button>`
          : nothing}
      </header>
      ${shown.length
        ? html`<ul role="list">
            ${repeat(
              shown,
              (room) => room.id,
              (room) => html`<li>${this.#room(room)}</li>`,
            )}
          </ul>`
        : html`<p class="sidebar__none">Nothing asked yet.</p>`}
      ${recent.length > shown.length
        ? html`<button type="button" class="link-button sidebar__more" @click=${() => (this.allConversations = true)}>
            Show all ${recent.length}
          </button>`
        : nothing}
    </section>`;
  }

  #nothingHere(title: string): TemplateResult {
    if (!this.loaded) return html`<div class="skeleton skeleton--rooms" aria-hidden="true"><i></i><i></i><i></i></div>`;
    return html`<p class="sidebar__none">${title === "Rooms" ? "You are in no room yet." : "Nobody written to yet."}</p>`;
  }

  #room(room: Room): TemplateResult {
    const active = room.id === this.activeId;
    const unread = active && this.watching ? 0 : room.unread;
    const mentions = active && this.watching ? 0 : room.mentions;
    const name = roomName(room, this.me.id, this.people);
    const urgent = mentions > 0 || ((room.kind === "direct" || room.kind === "assistant") && unread > 0);
    return html`<a
      class=${unread ? "room-link room-link--unread" : "room-link"}
      href="/rooms/${room.id}"
      data-room=${room.id}
      tabindex=${active || (this.activeId === null && room === this.rooms[0]) ? "0" : "-1"}
      aria-current=${active ? "page" : nothing}
      @click=${this.#chosen}
    >
      <span class="room-link__sign">${roomSign(room, this.me.id, this.people)}</span>
      <span class="room-link__name">${name}</span>
      ${unread
        ? html`<span class=${urgent ? "badge badge--accent" : "badge"}
            >${count(urgent && mentions ? mentions : unread)}<span class="visually-hidden"
              >${mentions ? " mentions" : " unread"}</span
            ></span
          >`
        : nothing}
    </a>`;
  }

  #oneself(): TemplateResult {
    const { me } = this;
    return html`<footer class="sidebar__me">
      <button type="button" class="row-button me-button" popovertarget="me-menu">
        <span class="visually-hidden">Open the menu of</span>
        ${avatar(me.name, this.offline ? "offline" : this.people.presence(me.id))}
        <span class="me-button__names"><strong>${me.name}</strong><small>${me.email}</small></span>
        ${icon(chevronIcon, true)}
      </button>
      <div class="menu" id="me-menu" popover>
        <a class="menu__item" href="/settings">${icon(settingsIcon, true)}Settings</a>
        ${me.role === "member"
          ? nothing
          : html`<a class="menu__item" href="/admin/people">${icon(shieldIcon, true)}Administration</a>`}
        <button type="button" class="menu__item" popovertarget="me-menu" @click=${() => this.fire("dialog-asked", "keys")}>
          ${icon(keyboardIcon, true)}Keyboard shortcuts
        </button>
        <form method="post" action="/sign-out">
          <input type="hidden" name="csrf_token" .value=${this.csrf} />
          <button type="submit" class="menu__item">${icon(outIcon, true)}Sign out</button>
        </form>
      </div>
    </footer>`;
  }

  /** When another room is opened, its link is brought into view: in a long list one would look for it. */
  protected override updated(): void {
    if (this.#inView === this.activeId) return;
    const link = this.querySelector(".room-link[aria-current]");
    if (!link) return;
    this.#inView = this.activeId;
    // Not scrollIntoView: where this is a drawer, that would scroll the page sideways to it.
    const list = this.querySelector(".sidebar__rooms")!;
    const { top, bottom } = list.getBoundingClientRect();
    const place = link.getBoundingClientRect();
    list.scrollTop += Math.min(0, place.top - top) + Math.max(0, place.bottom - bottom);
  }

  #chosen = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return; // the browser's: a tab of its own
    event.preventDefault();
    this.fire("room-chosen", (event.currentTarget as HTMLElement).dataset["room"]);
  };

  /** One stop for Tab; the arrows walk. */
  #walked = (event: KeyboardEvent): void => {
    const links = [...this.querySelectorAll<HTMLElement>(".room-link")];
    const index = links.indexOf(event.target as HTMLElement);
    const next = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: links.length - 1 }[event.key];
    if (index < 0 || next === undefined || event.altKey) return;
    event.preventDefault();
    links[Math.min(links.length - 1, Math.max(0, next))]?.focus();
  };
}

export const MODIFIER = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "") ? "⌘" : "Ctrl";

function count(number: number): string {
  return number > 99 ? "99+" : String(number);
}

declare global {
  interface HTMLElementTagNameMap {
    "room-sidebar": RoomSidebarElement;
  }
}
