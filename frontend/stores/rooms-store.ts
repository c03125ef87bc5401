import type { Connection } from "../connection.js";
import {
  type Answer,
  type EventOf,
  type Followed,
  type Page,
  type PublicRoom,
  ROOM_EVENTS,
  type Room,
  type RoomEvent,
  type RoomKind,
  type ServerEvents,
} from "../protocol.js";

const MOST_COUNTED = 1000;
const READ_EVERY_MS = 1_000;

export interface NewRoom {
  kind: RoomKind;
  name?: string;
  topic?: string;
  member_ids?: string[];
}

/**
 * The caller's rooms and what is unread in each: from `room:follow`, then kept by the live events. The server's count
 * replaces ours whenever it says one. Fires `change`.
 */
export class RoomsStore extends EventTarget {
  loaded = false;
  failed = false;
  readonly #rooms = new Map<string, Room>();
  readonly #asking = new Set<string>();
  readonly #readToTell = new Map<string, number>();
  readonly #telling = new Set<string>();

  constructor(
    private readonly connection: Connection,
    private readonly userId: string,
  ) {
    super();
    connection.onConnect(() => void this.follow());
    connection.on("read:moved", ({ room_id, seq, unread, mentions }) =>
      this.#update(room_id, { read_seq: seq, unread, mentions }),
    );
    connection.on("message:created", (event) => this.#count(event));
    for (const type of ROOM_EVENTS) connection.on(type, (event) => this.#heard(event));
    connection.on("member:joined", (event) => this.#joined(event));
    connection.on("member:left", ({ room_id, data }) => data.user_id === userId && this.forget(room_id));
    connection.on("member:changed", ({ room_id, data }) => {
      if (data.user_id === userId) this.#update(room_id, { role: data.role });
    });
    connection.on("room:created", ({ room_id }) => void this.#refresh(room_id));
    connection.on("room:changed", ({ room_id, data }) => this.#update(room_id, { name: data.name, topic: data.topic }));
    connection.on("room:archived", ({ room_id }) => this.#update(room_id, { archived: true }));
    connection.on("room:head", (head) => this.#head(head));
    connection.on("room:reset", ({ room_id }) => void this.#refresh(room_id));
  }

  get all(): Room[] {
    return [...this.#rooms.values()];
  }

  get(id: string): Room | undefined {
    return this.#rooms.get(id);
  }

  /** Join the live channels of all our rooms and learn where each stands. */
  async follow(): Promise<void> {
    const lost = new Set(this.#rooms.keys());
    for (let cursor: string | null = ""; cursor !== null; ) {
      const answer: Answer<Followed> = await this.connection.ask("room:follow", cursor ? { cursor } : {});
      this.failed = !answer.ok;
      if (!answer.ok) return this.#changed();
      for (const room of answer.data.rooms) {
        this.#rooms.set(room.id, room); // at once: what happens in it from now on counts on top
        lost.delete(room.id);
      }
      cursor = answer.data.next;
    }
    for (const roomId of lost) this.#rooms.delete(roomId);
    this.loaded = true;
    for (const [roomId, seq] of this.#readToTell) this.read(roomId, seq);
    this.#changed();
  }

  /** Read up to here: at once on the screen, soon at the server, then as the server counts it. */
  read(roomId: string, seq: number): void {
    const room = this.#rooms.get(roomId);
    if (!room || seq <= room.read_seq) return;
    this.#update(roomId, { read_seq: seq, unread: 0, mentions: 0 });
    this.#readToTell.set(roomId, seq);
    if (!this.#telling.has(roomId)) void this.#tellRead(roomId);
  }

  async create(room: NewRoom): Promise<Answer<Room>> {
    return this.#enter(await this.connection.call<Room>("POST", "/rooms", room));
  }

  /** A conversation with the assistant: the one in which nothing was asked yet, else a new one. */
  async converse(): Promise<Answer<Room>> {
    const blank = this.all.find((room) => room.kind === "assistant" && !room.name && !room.last_at && !room.archived);
    return blank ? { ok: true, data: blank } : this.create({ kind: "assistant" });
  }

  async join(roomId: string): Promise<Answer<Room>> {
    return this.#enter(await this.connection.call<Room>("POST", `/rooms/${roomId}/join`, {}));
  }

  async leave(roomId: string): Promise<Answer<unknown>> {
    const answer = await this.connection.call("POST", `/rooms/${roomId}/leave`, {});
    if (answer.ok) this.forget(roomId);
    return answer;
  }

  async change(roomId: string, change: { name?: string; topic?: string }): Promise<Answer<unknown>> {
    const answer = await this.connection.call("PATCH", `/rooms/${roomId}`, change);
    if (answer.ok) this.#update(roomId, change);
    return answer;
  }

  async archive(roomId: string): Promise<Answer<unknown>> {
    const answer = await this.connection.call("POST", `/rooms/${roomId}/archive`, {});
    if (answer.ok) this.#update(roomId, { archived: true });
    return answer;
  }

  browse(text: string, cursor: string | null = null): Promise<Answer<Page<PublicRoom>>> {
    const query = new URLSearchParams({ ...(text && { q: text }), ...(cursor && { cursor }) });
    return this.connection.call("GET", `/rooms/browse?${query}`);
  }

  forget(roomId: string): void {
    if (this.#rooms.delete(roomId)) this.#changed();
  }

  /** Once a second at most for each room, until the server has heard of the last. */
  async #tellRead(roomId: string): Promise<void> {
    this.#telling.add(roomId);
    for (let seq; (seq = this.#readToTell.get(roomId)) !== undefined && this.connection.connected; ) {
      const answer = await this.connection.ask("room:read", { room_id: roomId, seq });
      const isLast = this.#readToTell.get(roomId) === seq;
      if (isLast && (answer.ok || !answer.error.retryable)) this.#readToTell.delete(roomId);
      if (isLast && answer.ok) this.#update(roomId, { unread: answer.data.unread, mentions: answer.data.mentions });
      await new Promise((resolve) => setTimeout(resolve, READ_EVERY_MS));
    }
    this.#telling.delete(roomId);
  }

  #enter(answer: Answer<Room>): Answer<Room> {
    if (!answer.ok) return answer;
    this.#rooms.set(answer.data.id, answer.data);
    this.#changed();
    void this.#refresh(answer.data.id);
    return answer;
  }

  #count(event: EventOf<"message:created">): void {
    const room = this.#rooms.get(event.room_id);
    if (!room || event.epoch !== room.epoch || event.seq <= room.seq) return;
    const ours = event.actor_id === this.userId;
    const named = event.data.mentions.includes(this.userId);
    this.#update(room.id, {
      last_at: event.at,
      unread: Math.min(MOST_COUNTED, room.unread + (ours ? 0 : 1)),
      mentions: Math.min(MOST_COUNTED, room.mentions + (named && !ours ? 1 : 0)),
    });
  }

  #joined({ room_id, data }: EventOf<"member:joined">): void {
    if (data.user_id === this.userId) void this.#refresh(room_id);
  }

  /** Numbers went by that we did not hear: the server knows how many of them are unread. */
  #head({ room_id, epoch, seq, applied }: ServerEvents["room:head"]): void {
    const room = this.#rooms.get(room_id);
    if (!room) return;
    if (room.epoch !== epoch || seq > room.seq) void this.#refresh(room_id);
    else if (applied !== room.applied) this.#rooms.set(room_id, { ...room, applied });
  }

  /** Every number is noted, whatever it says; one that was skipped may have been an unread message. */
  #heard({ room_id, epoch, seq }: RoomEvent): void {
    const room = this.#rooms.get(room_id);
    if (!room || room.epoch !== epoch || seq <= room.seq) return;
    this.#rooms.set(room_id, { ...room, seq });
    if (seq > room.seq + 1) void this.#refresh(room_id);
  }

  async #refresh(roomId: string): Promise<void> {
    if (this.#asking.has(roomId)) return;
    this.#asking.add(roomId);
    const answer = await this.connection.ask("room:follow", { room_ids: [roomId] });
    this.#asking.delete(roomId);
    if (!answer.ok) return;
    for (const room of answer.data.rooms) this.#rooms.set(room.id, room);
    this.#changed();
  }

  #update(roomId: string, change: Partial<Room>): void {
    const room = this.#rooms.get(roomId);
    if (!room) return;
    this.#rooms.set(roomId, { ...room, ...change });
    this.#changed();
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}
