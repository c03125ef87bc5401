import type { Connection, ConnectionState } from "./connection.js";
import { type Ending, type Me, ROOM_EVENTS } from "./protocol.js";
import { Drafts } from "./stores/drafts.js";
import { MembersStore } from "./stores/members-store.js";
import type { OutboxStorage } from "./stores/outbox-storage.js";
import { PeopleStore } from "./stores/people-store.js";
import { RepliesStore } from "./stores/replies-store.js";
import { type Line, RoomStore } from "./stores/room-store.js";
import { RoomsStore } from "./stores/rooms-store.js";
import { SearchStore } from "./stores/search-store.js";
import { TypingStore } from "./stores/typing-store.js";

export interface ClientOptions {
  me: Me;
  connection: Connection;
  outboxStorage: OutboxStorage;
  draftStorage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
}

const TYPING_EVERY_MS = 3_000;

/**
 * The chat without its page: the stores of one signed-in person, wired to one connection, and the room that is open.
 * `messages`, `isConnected` … `error` are the whole of what a small page needs; the stores are there for a large one.
 * Fires `change` when any of those, or the open room, is different.
 */
export class ChatClient extends EventTarget {
  me: Me;
  readonly connection: Connection;
  readonly rooms: RoomsStore;
  readonly people: PeopleStore;
  readonly typing: TypingStore;
  readonly replies: RepliesStore;
  readonly drafts: Drafts;
  readonly search: SearchStore;
  roomId: string | null = null;
  error: string | null = null;

  readonly #storage: OutboxStorage;
  readonly #stores = new Map<string, RoomStore>();
  readonly #members = new Map<string, MembersStore>();
  #saidTypingAt = -Infinity;
  #typingIn: string | null = null;

  constructor({ me, connection, outboxStorage, draftStorage }: ClientOptions) {
    super();
    this.me = me;
    this.connection = connection;
    this.#storage = outboxStorage;
    this.drafts = new Drafts(me.id, draftStorage);
    for (const type of ROOM_EVENTS) connection.on(type, (event) => this.#stores.get(event.room_id)?.receive(event));
    this.rooms = new RoomsStore(connection, me.id);
    this.people = new PeopleStore(connection, me.workspace.id);
    this.people.keep([me]);
    connection.on("person:changed", ({ id, name, role, disabled }) => {
      if (id === this.me.id) this.me = { ...this.me, name, role, disabled };
    });
    this.typing = new TypingStore(connection, me.id);
    this.replies = new RepliesStore(connection);
    this.search = new SearchStore(connection);
    connection.on("room:head", (head) => this.#stores.get(head.room_id)?.head(head));
    connection.on("room:reset", ({ room_id, epoch }) => this.#stores.get(room_id)?.reset(epoch));
    connection.on("error", (failure) => this.#say(failure.message));
    connection.onState(() => this.#changed());
    connection.onConnect(() => this.#refreshMembers());
    for (const type of ["member:joined", "member:left", "member:changed"] as const)
      connection.on(type, (event) => this.#members.get(event.room_id)?.apply(event));
    connection.on("member:left", ({ room_id, data }) => {
      if (data.user_id === me.id) this.#stores.get(room_id)?.leave();
    });
    connection.on("member:joined", ({ room_id, data }) => {
      if (data.user_id === me.id && room_id === this.roomId) this.room?.watch();
    });
    for (const store of [this.rooms, this.people, this.typing, this.replies]) store.addEventListener("change", this.#changed);
    this.rooms.addEventListener("change", () => this.#tellOutboxes());
    this.people.addEventListener("change", () => this.#watchReplies());
    void this.#restoreOutboxes();
  }

  get room(): RoomStore | null {
    return this.roomId === null ? null : this.roomStore(this.roomId);
  }

  get state(): ConnectionState {
    return this.connection.state;
  }

  get endReason(): Ending | null {
    return this.connection.endReason;
  }

  get messages(): readonly Line[] {
    return this.room?.lines ?? [];
  }

  get isConnected(): boolean {
    return this.connection.state === "connected";
  }

  get isReconnecting(): boolean {
    return this.connection.state === "reconnecting" || this.connection.state === "stale";
  }

  /** The ids of those who write in the open room. */
  get typingUsers(): Set<string> {
    return this.roomId === null ? new Set() : this.typing.in(this.roomId);
  }

  /** The ids of those who are there. */
  get onlineUsers(): Set<string> {
    return this.people.online;
  }

  /** Show a room, or none. */
  open(roomId: string | null): void {
    if (roomId === this.roomId) return this.room?.watch();
    this.sendTyping(false);
    this.room?.unwatch();
    this.roomId = roomId;
    this.room?.watch();
    this.#watchReplies();
    this.#changed();
  }

  /** Keeps it until the server has it, online or not. */
  sendMessage(content: string): void {
    const body = content.trim();
    if (!body || !this.room) return;
    this.sendTyping(false);
    this.room.send(body, this.rooms.get(this.room.roomId)?.kind === "assistant");
  }

  /** Call it as often as keys are pressed: the room is told every 3 s at most, and once when it ends. */
  sendTyping(isTyping: boolean): void {
    if (isTyping && this.roomId !== null && Date.now() - this.#saidTypingAt >= TYPING_EVERY_MS) {
      this.#saidTypingAt = Date.now();
      this.#typingIn = this.roomId;
      this.connection.tell("typing:start", { room_id: this.roomId });
    }
    if (!isTyping && this.#typingIn !== null) {
      this.connection.tell("typing:stop", { room_id: this.#typingIn });
      this.#typingIn = null;
      this.#saidTypingAt = -Infinity;
    }
  }

  /** Take what is shown off this screen; nothing is deleted anywhere. */
  clearMessages(): void {
    this.room?.clear();
  }

  dismissError(): void {
    this.error = null;
    this.#changed();
  }

  /** The page was out of sight for a while: timers slept, and perhaps the socket too. */
  wake(): void {
    if (this.connection.connected) void this.room?.catchUp();
  }

  setPresence(state: "active" | "away"): void {
    void this.connection.ask("presence:set", { state });
  }

  roomStore(roomId: string): RoomStore {
    let store = this.#stores.get(roomId);
    if (!store) {
      store = new RoomStore({
        roomId,
        userId: this.me.id,
        connection: this.connection,
        storage: this.#storage,
        onPresence: (presence) => this.people.setPresence(presence),
      });
      store.addEventListener("change", this.#changed);
      this.#stores.set(roomId, store);
    }
    return store;
  }

  members(roomId: string): MembersStore {
    let members = this.#members.get(roomId);
    if (!members) {
      members = new MembersStore(roomId, this.connection);
      members.addEventListener("change", this.#changed);
      this.#members.set(roomId, members);
    }
    return members;
  }

  /** A workspace without an assistant has nothing to watch. */
  #watchReplies(): void {
    this.replies.watch(this.people.assistant ? this.roomId : null);
  }

  async #restoreOutboxes(): Promise<void> {
    const entries = await this.#storage.all(this.me.id).catch(() => []);
    for (const roomId of new Set(entries.map((entry) => entry.room_id)))
      this.roomStore(roomId).outbox.restore(entries.filter((entry) => entry.room_id === roomId));
    this.#tellOutboxes();
  }

  /** `room:follow` said where each room stands: what we still hold of an older life of it must be said again. */
  #tellOutboxes(): void {
    for (const [roomId, store] of this.#stores) {
      const room = this.rooms.get(roomId);
      if (!room) continue;
      store.outbox.recorded(room.epoch, room.applied);
      store.outbox.epochIs(room.epoch);
    }
  }

  /** Who came and went while we were away; of rooms not open, when they are opened. */
  #refreshMembers(): void {
    const members = this.roomId === null ? undefined : this.#members.get(this.roomId);
    if (members?.loaded) void members.load();
  }

  #say(message: string): void {
    this.error = message;
    this.#changed();
  }

  #changed = (): void => {
    this.dispatchEvent(new Event("change"));
  };
}
