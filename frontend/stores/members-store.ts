import type { Connection } from "../connection.js";
import type { Answer, Member, Page, RoomEvent, RoomRole } from "../protocol.js";

/** Who is in one room. Loaded when first asked for, then kept by the room's events. Fires `change`. */
export class MembersStore extends EventTarget {
  loaded = false;
  failed = false;
  readonly #members = new Map<string, Member>();
  #loading: Promise<void> | null = null;

  constructor(
    readonly roomId: string,
    private readonly connection: Connection,
  ) {
    super();
  }

  get all(): Member[] {
    return [...this.#members.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  load(): Promise<void> {
    this.#loading ??= this.#fetch().finally(() => (this.#loading = null));
    return this.#loading;
  }

  /** Somebody came, went or has another role: only the server knows their name, so ask again. */
  apply(event: RoomEvent): void {
    if (event.type === "member:left") this.#members.delete(event.data.user_id);
    else if (event.type === "member:joined" || event.type === "member:changed") void this.load();
    else return;
    this.dispatchEvent(new Event("change"));
  }

  invite(userIds: string[]): Promise<Answer<unknown>> {
    return this.#then(this.connection.call("POST", `/rooms/${this.roomId}/members`, { user_ids: userIds }));
  }

  remove(userId: string): Promise<Answer<unknown>> {
    return this.#then(this.connection.call("DELETE", `/rooms/${this.roomId}/members/${userId}`));
  }

  setRole(userId: string, role: RoomRole): Promise<Answer<unknown>> {
    return this.#then(this.connection.call("PATCH", `/rooms/${this.roomId}/members/${userId}`, { role }));
  }

  async #then(asked: Promise<Answer<unknown>>): Promise<Answer<unknown>> {
    const answer = await asked;
    if (answer.ok) await this.load();
    return answer;
  }

  async #fetch(): Promise<void> {
    const members: Member[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const path: string = `/rooms/${this.roomId}/members${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ""}`;
      const answer = await this.connection.call<Page<Member>>("GET", path);
      this.failed = !answer.ok;
      if (!answer.ok) return void this.dispatchEvent(new Event("change"));
      members.push(...answer.data.items);
      cursor = answer.data.items.length ? answer.data.next : null;
    }
    this.#members.clear();
    for (const member of members) this.#members.set(member.user_id, member);
    this.loaded = true;
    this.dispatchEvent(new Event("change"));
  }
}
