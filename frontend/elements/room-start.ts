import { html, nothing, type TemplateResult } from "lit";
import type { Room } from "../protocol.js";
import { avatar } from "./avatar.js";
import { type Names, roomName, roomSign } from "./room-name.js";

interface Start {
  /** Nothing was said yet. */
  empty: boolean;
  me: string;
  people: Names;
  ask: (dialog: "invite" | "room") => void;
}

/** What stands above the first message: where one is, and, while nothing was said, what one can do. */
export function roomStart(room: Room, { empty, me, people, ask }: Start): TemplateResult {
  const name = roomName(room, me, people);
  const direct = room.kind === "direct";
  return html`<div class=${empty ? "room-start room-start--empty" : "room-start"}>
    <span class="room-start__sign">${direct ? avatar(name) : roomSign(room, me, people)}</span>
    ${room.kind === "assistant" ? conversation(name, empty) : beginning(room, name, empty)}
    ${empty && !direct && room.kind !== "assistant" && !room.archived
      ? html`<div class="row">
          <button type="button" class="button" @click=${() => ask("invite")}>Invite people</button>
          ${room.role === "admin"
            ? html`<button type="button" class="button" @click=${() => ask("room")}>Set a topic</button>`
            : nothing}
        </div>`
      : nothing}
  </div>`;
}

function beginning(room: Room, name: string, empty: boolean): TemplateResult {
  return html`<h2>${empty ? "Say hello" : name}</h2>
    <p>
      ${room.kind === "direct"
        ? html`This is the beginning of your conversation with <strong>${name}</strong>.`
        : html`This is the beginning of <strong>${name}</strong>.${room.topic ? html` ${room.topic}` : nothing}`}
    </p>`;
}

function conversation(name: string, empty: boolean): TemplateResult {
  if (!empty) return html`<h2>${name}</h2>`;
  return html`<h2>Ask anything</h2>
    <p>
      The assistant looks for the answer in the workspace's documents and in the rooms you can read, and says where it found
      it. Nobody else sees this conversation unless you invite them.
    </p>`;
}
