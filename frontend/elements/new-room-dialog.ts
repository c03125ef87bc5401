import { html, type TemplateResult } from "lit";
import { DialogElement } from "./dialog-element.js";

/** <new-room-dialog> — name a room, say what it is for, choose who may find it. */
export class NewRoomDialogElement extends DialogElement {
  protected readonly heading = "New room";

  protected override body(): TemplateResult {
    return html`<form class="form dialog__body" @submit=${this.#create}>
      <div class="field">
        <label for="room-name">Name</label>
        <input id="room-name" name="name" data-first required maxlength="80" autocomplete="off" placeholder="e.g. design" />
      </div>
      <div class="field">
        <label for="room-topic">What it is for</label>
        <input id="room-topic" name="topic" maxlength="250" autocomplete="off" aria-describedby="room-topic-hint" />
        <p class="field__hint" id="room-topic-hint">Shown above the conversation. Optional.</p>
      </div>
      <label class="check"
        ><input type="checkbox" name="private" /><span
          >Private<br /><small class="muted">Only those who are invited can find and read it.</small></span
        ></label
      >
      <footer class="row row--end">
        <button type="button" class="button" @click=${this.close}>Cancel</button>
        <button class="button button--primary" ?disabled=${this.busy}>Create room</button>
      </footer>
    </form>`;
  }

  #create = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const asked = this.client.rooms.create({
      kind: form.has("private") ? "private" : "public",
      name: String(form.get("name")).trim(),
      topic: String(form.get("topic")).trim(),
    });
    void this.attempt(asked, (room) => this.fire("room-chosen", room.id));
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "new-room-dialog": NewRoomDialogElement;
  }
}
