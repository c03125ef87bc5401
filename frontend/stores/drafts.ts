/** What somebody has begun to write in a room, kept on this device until it is sent or deleted. */
export class Drafts {
  constructor(
    private readonly userId: string,
    private readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">,
  ) {}

  get(roomId: string): string {
    try {
      return this.storage.getItem(this.#key(roomId)) ?? "";
    } catch {
      return ""; // a browser that forbids storage still writes messages
    }
  }

  set(roomId: string, text: string): void {
    try {
      if (text) this.storage.setItem(this.#key(roomId), text);
      else this.storage.removeItem(this.#key(roomId));
    } catch {
      // full or forbidden: the draft lives as long as the box it is in
    }
  }

  #key(roomId: string): string {
    return `draft:${this.userId}:${roomId}`;
  }
}
