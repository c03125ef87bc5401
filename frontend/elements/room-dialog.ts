import { html, nothing, type TemplateResult } from "lit";
import archiveIcon from "icon:archive";
import leaveIcon from "icon:log-out";
import type { Room } from "../protocol.js";
import { DialogElement } from "./dialog-element.js";
import { icon } from "./icon.js";

/** <room-dialog> — a room's name and topic, and the ways out of it. */
export class RoomDialogElement extends DialogElement {
  static override properties = { ...DialogElement.properties, room: { attribute: false } };

  protected readonly heading = "Room settings";
  room!: Room;

  protected override body(): TemplateResult {
    const manages = this.room.role === "admin" || this.client.me.role !== "member";
    return html`<form class="form dialog__body" @submit=${this.#save}>
        <div class="field">
          <label for="room-name">Name</label>
          <input id="room-name" name="name" required maxlength="80" autocomplete="off" .value=${this.room.name ?? ""} ?disabled=${!manages} />
        </div>
        <div class="field">
          <label for="room-topic">What it is for</label>
          <input id="room-topic" name="topic" maxlength="250" autocomplete="off" .value=${this.room.topic} ?disabled=${!manages} />
          ${manages ? nothing : html`<p class="field__hint">Only those who look after the room can change this.</p>`}
        </div>
        ${manages && !this.room.archived
          ? html`<footer class="row row--end">
              <button type="button" class="button" @click=${this.close}>Cancel</button>
              <button class="button button--primary" ?disabled=${this.busy}>Save</button>
            </footer>`
          : nothing}
      </form>
      <div class="dialog__body dialog__ways-out">
        <div class="way-out">
          <p>Leave<small>What you wrote stays. ${this.room.kind === "public" ? "You can join again." : "You need an invitation to come back."}</small></p>
          <button type="button" class="button" ?disabled=${this.busy} @click=${this.#leave}>${icon(leaveIcon, true)}Leave room</button>
        </div>
        ${manages && !this.room.archived
          ? html`<div class="way-out">
              <p>Archive<small>Everybody can still read it, nobody can write in it.</small></p>
              <button type="button" class="button" ?disabled=${this.busy} @click=${() => this.fire("archive-asked", this.room)}>
                ${icon(archiveIcon, true)}Archive room
              </button>
            </div>`
          : nothing}
      </div>`;
  }

  #save = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const name = String(form.get("name")).trim();
    const topic = String(form.get("topic")).trim();
    const change = { ...(name !== this.room.name && { name }), ...(topic !== this.room.topic && { topic }) };
    if (!Object.keys(change).length) return this.close();
    void this.attempt(this.client.rooms.change(this.room.id, change));
  };

  #leave = (): void => {
    const { id } = this.room;
    void this.attempt(this.client.rooms.leave(id), () => this.fire("room-left", id));
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "room-dialog": RoomDialogElement;
  }
}
