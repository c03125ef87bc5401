import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { assistantAvatar, avatar } from "./avatar.js";
import { DialogElement } from "./dialog-element.js";
import { roomName, roomSign } from "./room-name.js";

interface Choice {
  key: string;
  name: string;
  sign: TemplateResult;
  unread: number;
  go: () => void;
}

const OFFERED = 8;

/** <room-switcher> — go to a room or a person by a few letters of the name. */
export class RoomSwitcherElement extends DialogElement {
  static override properties = { ...DialogElement.properties, text: { state: true }, chosen: { state: true } };

  protected readonly heading = "Go to a room or person";
  text = "";
  chosen = 0;

  protected override body(): TemplateResult {
    const choices = this.#choices();
    return html`<div class="dialog__search">
        <input
          class="input"
          type="text"
          data-first
          role="combobox"
          aria-label="Name of a room or person"
          aria-expanded="true"
          aria-controls="switch-choices"
          aria-activedescendant=${choices.length ? `switch-${this.chosen}` : nothing}
          autocomplete="off"
          placeholder="Name of a room or person"
          @input=${this.#typed}
          @keydown=${(event: KeyboardEvent) => this.#pressed(event, choices)}
        />
      </div>
      <ul class="choices" id="switch-choices" role="listbox" aria-label="Rooms and people">
        ${repeat(
          choices,
          (choice) => choice.key,
          (choice, index) =>
            html`<li
              class="choice"
              id="switch-${index}"
              role="option"
              aria-selected=${index === this.chosen}
              @click=${choice.go}
            >
              <span class="choice__sign">${choice.sign}</span><span class="choice__name">${choice.name}</span>
              ${choice.unread ? html`<span class="badge">${choice.unread}</span>` : nothing}
            </li>`,
        )}
      </ul>
      ${choices.length ? nothing : html`<p class="empty">Nobody and nothing is called “${this.text}”.</p>`}`;
  }

  /** Rooms first, the unread ones on top; then people one has no conversation with yet. */
  #choices(): Choice[] {
    const { rooms, people, me } = this.client;
    const open = rooms.all.filter((room) => !room.archived);
    const known = new Set(open.filter((room) => room.member_ids?.length === 2).flatMap((room) => room.member_ids!));
    const fromRooms = open
      .sort((a, b) => Number(b.unread > 0) - Number(a.unread > 0))
      .map((room): Choice => ({
        key: room.id,
        name: roomName(room, me.id, people),
        sign: roomSign(room, me.id, people),
        unread: room.unread,
        go: () => this.goTo(room.id),
      }));
    const strangers = people.all.filter((person) => !known.has(person.id) && person.id !== me.id && !person.disabled);
    const fromPeople = strangers.map((person): Choice => {
      const isAssistant = person.role === "assistant";
      return {
        key: person.id,
        name: isAssistant ? `Ask ${person.name}` : person.name,
        sign: isAssistant ? assistantAvatar(true) : avatar(person.name, person.presence, true),
        unread: 0,
        go: () => (isAssistant ? this.#ask() : void this.#write(person.id)),
      };
    });
    const wanted = this.text.trim().toLocaleLowerCase();
    const found = [...fromRooms, ...fromPeople].filter(({ name }) => name.toLocaleLowerCase().includes(wanted));
    return found.slice(0, OFFERED);
  }

  #ask(): void {
    this.close();
    this.fire("assistant-asked");
  }

  #write(userId: string): Promise<void> {
    const asked = this.client.rooms.create({ kind: "direct", member_ids: [userId] });
    return this.attempt(asked, (room) => this.fire("room-chosen", room.id));
  }

  #typed = (event: Event): void => {
    this.text = (event.target as HTMLInputElement).value;
    this.chosen = 0;
  };

  #pressed(event: KeyboardEvent, choices: Choice[]): void {
    if (event.isComposing) return;
    const last = choices.length - 1;
    if (event.key === "ArrowDown") this.chosen = Math.min(last, this.chosen + 1);
    else if (event.key === "ArrowUp") this.chosen = Math.max(0, this.chosen - 1);
    else if (event.key === "Enter") choices[this.chosen]?.go();
    else return;
    event.preventDefault();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "room-switcher": RoomSwitcherElement;
  }
}
