import type { ChatClient } from "../chat-client.js";
import type { Member, Room } from "../protocol.js";
import type { Question } from "./confirm-dialog.js";

/** What <chat-app> asks before it does what cannot simply be undone. */

export function askToArchive(client: ChatClient, room: Room): Question {
  return {
    heading: `Archive ${room.name}?`,
    words: "Everybody can still read it, but nobody can write in it any more.",
    action: "Archive room",
    do: () => client.rooms.archive(room.id),
  };
}

export function askToRemove(client: ChatClient, roomId: string, { user_id, name }: Member): Question {
  return {
    heading: `Remove ${name}?`,
    words: `${name} will no longer see this room. What they wrote stays.`,
    action: "Remove from room",
    do: () => client.members(roomId).remove(user_id),
  };
}
