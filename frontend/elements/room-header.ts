import { html, nothing, type TemplateResult } from "lit";
import menuIcon from "icon:menu";
import settingsIcon from "icon:sliders-horizontal";
import usersIcon from "icon:users";
import type { Member, Room } from "../protocol.js";
import { avatar } from "./avatar.js";
import { icon } from "./icon.js";
import { LightElement } from "./light-element.js";
import { type Names, roomName, roomSign } from "./room-name.js";

const FACES = 3;

/**
 * <room-header> — the room's name and topic, who is there, and the connection when it is not simply connected.
 *
 * @fires drawer-asked   the sidebar, where it is a drawer
 * @fires members-asked  open or close the member panel
 * @fires dialog-asked   detail: "room"
 */
export class RoomHeaderElement extends LightElement {
  static override properties = {
    room: { attribute: false },
    me: { attribute: false },
    people: { attribute: false },
    version: { attribute: false },
    members: { attribute: false },
    connection: { attribute: false },
    panelOpen: { attribute: false },
    elsewhereUnread: { attribute: false },
  };

  room: Room | null = null;
  me = "";
  people!: Names;
  version: unknown = null;
  members: readonly Member[] = [];
  /** What to say of the connection, or nothing. */
  connection = "";
  panelOpen = false;
  elsewhereUnread = false;

  protected override render(): TemplateResult {
    return html`<header class="room-header">
      <button type="button" class="icon-button room-header__drawer" aria-label="Open the list of rooms" @click=${() => this.fire("drawer-asked")}>
        ${icon(menuIcon)}${this.elsewhereUnread ? html`<span class="pip"></span>` : nothing}
      </button>
      ${this.room ? this.#title(this.room) : html`<div class="room-header__title"></div>`}
      ${this.connection
        ? html`<span class="connection" role="status"><span class="connection__dot"></span>${this.connection}</span>`
        : nothing}
      ${this.room ? this.#tools(this.room) : nothing}
    </header>`;
  }

  #title(room: Room): TemplateResult {
    return html`<div class="room-header__title">
      <h1>
        <span class="room-header__sign">${roomSign(room, this.me, this.people)}</span>
        <span class="room-header__name">${roomName(room, this.me, this.people)}</span>
        ${room.archived ? html`<span class="badge">Archived</span>` : nothing}
      </h1>
      ${room.topic ? html`<p class="room-header__topic" title=${room.topic}>${room.topic}</p>` : nothing}
    </div>`;
  }

  #tools(room: Room): TemplateResult {
    const present = this.members.filter((member) => this.people.presence(member.user_id) !== "offline");
    const count = this.members.length;
    return html`<div class="room-header__tools">
      <button
        type="button"
        class="who-button"
        aria-expanded=${this.panelOpen}
        title="Members"
        @click=${() => this.fire("members-asked")}
      >
        <span class="who-button__faces">${present.slice(0, FACES).map((each) => avatar(each.name, undefined, true))}</span>
        ${icon(usersIcon, true)}
        <span class="visually-hidden">Show members:</span>
        <span>${count || nothing}<span class="visually-hidden">, ${present.length} online</span></span>
      </button>
      ${room.kind === "direct"
        ? nothing
        : html`<button type="button" class="icon-button" aria-label="Room settings" title="Room settings" @click=${() => this.fire("dialog-asked", "room")}>
            ${icon(settingsIcon)}
          </button>`}
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "room-header": RoomHeaderElement;
  }
}
