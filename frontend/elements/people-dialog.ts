import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Person } from "../protocol.js";
import { assistantAvatar, avatar, PRESENCE_WORDS } from "./avatar.js";
import { DialogElement } from "./dialog-element.js";

const SHOWN = 50;
const PAUSE_MS = 200;

/** <people-dialog> — choose people: to write to directly, or, with a room, to invite into it. */
export class PeopleDialogElement extends DialogElement {
  static override properties = {
    ...DialogElement.properties,
    inviteTo: { attribute: false },
    text: { state: true },
    chosen: { state: true },
  };

  /** The room to invite into; null to begin a direct conversation. */
  inviteTo: string | null = null;
  text = "";
  chosen: ReadonlySet<string> = new Set();
  #timer: ReturnType<typeof setTimeout> | undefined;

  protected get heading(): string {
    return this.inviteTo === null ? "New direct message" : "Invite people";
  }

  protected override body(): TemplateResult {
    const people = this.#candidates();
    const warning = this.#warning();
    return html`<form class="dialog__form" @submit=${this.#submitted}>
      <div class="dialog__search">
        <input class="input" type="search" data-first aria-label="Search people" placeholder="Search people" autocomplete="off" @input=${this.#typed} />
      </div>
      <ul class="choices" role="list">
        ${repeat(
          people,
          (person) => person.id,
          (person) => this.#person(person),
        )}
      </ul>
      ${people.length ? nothing : this.#nobody()} ${warning}
      <footer class="row row--end dialog__foot">
        <button type="button" class="button" @click=${this.close}>Cancel</button>
        <button class="button button--primary" aria-describedby=${warning === nothing ? nothing : "reads-back"} ?disabled=${this.busy || !this.chosen.size}>
          ${this.inviteTo === null ? "Start conversation" : "Invite"}${this.chosen.size > 1 ? ` (${this.chosen.size})` : ""}
        </button>
      </footer>
    </form>`;
  }

  #person(person: Person): TemplateResult {
    const isAssistant = person.role === "assistant";
    return html`<li>
      <label class="choice">
        ${isAssistant ? assistantAvatar(true) : avatar(person.name, person.presence, true)}
        <span class="choice__name"
          >${person.name}${isAssistant
            ? html`<small>Answers those who mention it in this room</small>`
            : html`<span class="visually-hidden">, ${PRESENCE_WORDS[person.presence]}</span>`}</span
        >
        <input type="checkbox" .checked=${this.chosen.has(person.id)} @change=${() => this.#toggle(person.id)} />
      </label>
    </li>`;
  }

  #nobody(): TemplateResult {
    if (this.text) return html`<p class="empty">Nobody is called “${this.text}”.</p>`;
    return html`<p class="empty">${this.inviteTo === null ? "Nobody else is here yet." : "Everybody is in this room already."}</p>`;
  }

  /** In a conversation of one's own the assistant has answered from all rooms that one is in. */
  #warning(): TemplateResult | typeof nothing {
    const room = this.inviteTo === null ? undefined : this.client.rooms.get(this.inviteTo);
    if (room?.kind !== "assistant") return nothing;
    return html`<p class="notice" id="reads-back">
      Whoever joins reads everything asked and answered here before, also what was quoted from other rooms you are in.
    </p>`;
  }

  #candidates(): Person[] {
    const { people, me } = this.client;
    const inside = new Set(this.inviteTo === null ? [] : this.client.members(this.inviteTo).all.map((each) => each.user_id));
    const wanted = this.text.toLocaleLowerCase();
    return people.all
      .filter((person) => person.id !== me.id && !person.disabled && !inside.has(person.id))
      .filter((person) => person.role !== "assistant" || this.inviteTo !== null)
      .filter((person) => person.name.toLocaleLowerCase().includes(wanted) || this.chosen.has(person.id))
      .slice(0, SHOWN);
  }

  #toggle(id: string): void {
    const chosen = new Set(this.chosen);
    if (!chosen.delete(id)) chosen.add(id);
    this.chosen = chosen;
  }

  /** What is loaded is filtered at once; a moment later the server adds those we had not heard of. */
  #typed = (event: Event): void => {
    this.text = (event.target as HTMLInputElement).value.trim();
    clearTimeout(this.#timer);
    if (this.text) this.#timer = setTimeout(() => void this.#search(), PAUSE_MS);
  };

  async #search(): Promise<void> {
    await this.client.people.search(this.text);
    this.requestUpdate();
  }

  #submitted = (event: Event): void => {
    event.preventDefault();
    const ids = [...this.chosen];
    if (!ids.length) return;
    if (this.inviteTo !== null) return void this.attempt(this.client.members(this.inviteTo).invite(ids));
    const asked = this.client.rooms.create({ kind: "direct", member_ids: ids });
    void this.attempt(asked, (room) => this.fire("room-chosen", room.id));
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "people-dialog": PeopleDialogElement;
  }
}
