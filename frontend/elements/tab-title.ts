import type { ChatClient } from "../chat-client.js";
import type { Room } from "../protocol.js";
import { roomName } from "./room-name.js";

/** "(3) lobby · Acme": what waits for one in particular, where one is, and whose chat it is. */
export function tabTitle(client: ChatClient, room: Room | undefined): string {
  const waiting = client.rooms.all.reduce(
    (sum, each) => sum + (each.kind === "direct" || each.kind === "assistant" ? each.unread : each.mentions),
    0,
  );
  const place = room ? `${roomName(room, client.me.id, client.people)} · ` : "";
  return `${waiting ? `(${waiting}) ` : ""}${place}${client.me.workspace.name}`;
}
