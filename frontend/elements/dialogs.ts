import { html, nothing, type TemplateResult } from "lit";
import type { ChatClient } from "../chat-client.js";
import type { Room } from "../protocol.js";

export type DialogName = "switch" | "browse" | "new-room" | "new-direct" | "invite" | "room" | "keys";

/** The dialog of that name; those about a room are there while a room is. */
export function dialog(name: DialogName | null, client: ChatClient, room: Room | undefined): TemplateResult | typeof nothing {
  switch (name) {
    case "switch":
      return html`<room-switcher .client=${client}></room-switcher>`;
    case "browse":
      return html`<browse-rooms-dialog .client=${client}></browse-rooms-dialog>`;
    case "new-room":
      return html`<new-room-dialog .client=${client}></new-room-dialog>`;
    case "new-direct":
      return html`<people-dialog .client=${client}></people-dialog>`;
    case "invite":
      return room ? html`<people-dialog .client=${client} .inviteTo=${room.id}></people-dialog>` : nothing;
    case "room":
      return room ? html`<room-dialog .client=${client} .room=${room}></room-dialog>` : nothing;
    case "keys":
      return html`<keyboard-help .client=${client}></keyboard-help>`;
    default:
      return nothing;
  }
}
