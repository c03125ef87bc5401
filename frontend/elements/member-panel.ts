import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import addIcon from "icon:user-plus";
import closeIcon from "icon:x";
import messageIcon from "icon:message-circle";
import removeIcon from "icon:user-minus";
import shieldIcon from "icon:shield";
import type { Member, Room } from "../protocol.js";
import { assistantAvatar, avatar, PRESENCE_WORDS } from "./avatar.js";
import { icon } from "./icon.js";
import { LightElement } from "./light-element.js";
import type { Names } from "./room-name.js";
import { takeAway } from "./take-away.js";

/**
 * <member-panel> — who is in the room, who of them is there, and its history to take away.
 *
 * @fires panel-closed
 * @fires dialog-asked   detail: "invite"
 * @fires direct-asked   detail: the id of the person to write to
 * @fires member-removed detail: the member
 * @fires assistant-asked
 * @fires role-asked     detail: {member, role}
 */
export class MemberPanelElement extends LightElement {
  static override properties = {
    room: { attribute: false },
    members: { attribute: false },
    loaded: { attribute: false },
    failed: { attribute: false },
    people: { attribute: false },
    version: { attribute: false },
    me: { attribute: false },
    assistantId: { attribute: false },
    canManage: { attribute: false },
  };

  room!: Room;
  members: readonly Member[] = [];
  loaded = false;
  failed = false;
  people!: Names;
  version: unknown = null;
  me = "";
  /** Which of the members is no person. */
  assistantId = "";
  canManage = false;

  protected override render(): TemplateResult {
    const persons = this.members.filter((member) => member.user_id !== this.assistantId);
    const assistant = this.members.filter((member) => member.user_id === this.assistantId);
    const present = persons.filter((member) => this.#presence(member) !== "offline");
    const absent = persons.filter((member) => this.#presence(member) === "offline");
    return html`<aside class="panel" aria-label="Members">
      <header class="panel__head">
        <h2>Members</h2>
        <button type="button" class="icon-button" aria-label="Close the list of members" @click=${() => this.fire("panel-closed")}>
          ${icon(closeIcon)}
        </button>
      </header>
      <div class="panel__body">
        ${this.room.kind === "direct" || this.room.archived
          ? nothing
          : html`<button type="button" class="button button--block" @click=${() => this.fire("dialog-asked", "invite")}>
              ${icon(addIcon, true)}Invite people
            </button>`}
        ${this.failed ? html`<p class="notice notice--danger">The members could not be loaded.</p>` : nothing}
        ${this.loaded || this.failed ? nothing : html`<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i></div>`}
        ${this.#group("Online", present)} ${this.#group("Offline", absent)} ${this.#group("Assistant", assistant)} ${takeAway(this.room.id)}
      </div>
    </aside>`;
  }

  #presence(member: Member) {
    return this.people.presence(member.user_id);
  }

  #group(title: string, members: readonly Member[]): TemplateResult | typeof nothing {
    if (!members.length) return nothing;
    return html`<section class="panel__group">
      <h3>${title}${title === "Assistant" ? nothing : html` · ${members.length}`}</h3>
      <ul role="list">
        ${repeat(
          members,
          (member) => member.user_id,
          (member) => this.#member(member),
        )}
      </ul>
    </section>`;
  }

  #member(member: Member): TemplateResult {
    const self = member.user_id === this.me;
    const presence = this.#presence(member);
    const isPerson = member.user_id !== this.assistantId;
    return html`<li class="member">
      ${isPerson ? avatar(member.name, presence) : assistantAvatar()}
      <span class="member__names">
        <span class="member__name">${member.name}${self ? " (you)" : nothing}</span>
        <small>${isPerson ? html`${member.role === "admin" ? "Room admin · " : nothing}${PRESENCE_WORDS[presence]}` : "Answers when asked"}</small>
      </span>
      ${self
        ? nothing
        : html`<span class="member__tools">
            <button
              type="button"
              class="icon-button icon-button--small"
              aria-label=${isPerson ? `Write to ${member.name}` : `Ask ${member.name} by yourself`}
              title=${isPerson ? "Write a direct message" : "Ask in a conversation of your own"}
              @click=${() => (isPerson ? this.fire("direct-asked", member.user_id) : this.fire("assistant-asked"))}
            >
              ${icon(messageIcon, true)}
            </button>
            ${this.canManage && isPerson
              ? html`<button
                    type="button"
                    class="icon-button icon-button--small"
                    aria-label=${`Let ${member.name} look after the room`}
                    aria-pressed=${member.role === "admin"}
                    title=${member.role === "admin" ? "Looks after the room" : "Let look after the room"}
                    @click=${() => this.fire("role-asked", { member, role: member.role === "admin" ? "member" : "admin" })}
                  >
                    ${icon(shieldIcon, true)}
                  </button>`
              : nothing}
            ${this.canManage
              ? html`<button
                  type="button"
                  class="icon-button icon-button--small"
                  aria-label=${`Remove ${member.name} from the room`}
                  title="Remove from the room"
                  @click=${() => this.fire("member-removed", member)}
                >
                  ${icon(removeIcon, true)}
                </button>`
              : nothing}
          </span>`}
    </li>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "member-panel": MemberPanelElement;
  }
}
