import type { Connection } from "../connection.js";

const LEASE_MS = 6_000;

/** Who is writing where. A lease of 6 s each, ended early by "stopped" or by the message. Fires `change`. */
export class TypingStore extends EventTarget {
  readonly #leases = new Map<string, Map<string, ReturnType<typeof setTimeout>>>();

  constructor(connection: Connection, userId: string) {
    super();
    connection.on("typing:started", ({ room_id, user_id }) => user_id !== userId && this.#start(room_id, user_id));
    connection.on("typing:stopped", ({ room_id, user_id }) => this.#stop(room_id, user_id));
    connection.on("message:created", ({ room_id, actor_id }) => this.#stop(room_id, actor_id));
  }

  in(roomId: string): Set<string> {
    return new Set(this.#leases.get(roomId)?.keys());
  }

  #start(roomId: string, userId: string): void {
    const leases = this.#leases.get(roomId) ?? new Map<string, ReturnType<typeof setTimeout>>();
    this.#leases.set(roomId, leases);
    const known = leases.get(userId);
    clearTimeout(known);
    leases.set(userId, setTimeout(() => this.#stop(roomId, userId), LEASE_MS));
    if (known === undefined) this.dispatchEvent(new Event("change"));
  }

  #stop(roomId: string, userId: string): void {
    const leases = this.#leases.get(roomId);
    clearTimeout(leases?.get(userId));
    if (leases?.delete(userId)) this.dispatchEvent(new Event("change"));
  }
}
