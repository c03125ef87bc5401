import { io, type Socket } from "socket.io-client";
import { BUSY, call } from "./http.js";
import type { Answer, Ending, Failure, Question, Remark, Requests, ServerEvents } from "./protocol.js";

/**
 * `stale` is connected to a worker that has lost sight of the logs: what we ask is answered, what others say may be late.
 * `ended` is final: the session is over and only signing in again helps.
 */
export type ConnectionState = "connecting" | "connected" | "stale" | "reconnecting" | "ended";

/** The little of a connection that stores need; a fake fits behind it as well as the real one. */
export interface Connection {
  readonly state: ConnectionState;
  readonly connected: boolean;
  /** Why, once it has ended. */
  readonly endReason: Ending | null;
  /** Whether the last goodbye was a worker that said it would restart. */
  readonly restarting: boolean;
  /** Never rejects, never hangs: no answer within ten seconds is a `busy` one. */
  ask<E extends Question>(event: E, payload: Requests[E][0]): Promise<Answer<Requests[E][1]>>;
  /** Say it if we can; nobody minds if not. */
  tell(event: Remark, payload: Requests[Remark][0]): void;
  /** The REST API, by path below /api/v1. */
  call<T>(method: string, path: string, body?: unknown): Promise<Answer<T>>;
  on<E extends keyof ServerEvents>(event: E, hear: (payload: ServerEvents[E]) => void): void;
  /** Now, if connected, and each time a connection is made. */
  onConnect(hear: () => void): void;
  onState(hear: (state: ConnectionState) => void): void;
}

const ANSWER_WITHIN_MS = 10_000;
const LONGEST_PAUSE_S = 30;

/** Full jitter around 1, 2, 4 … 15 s: half the people come back sooner, nobody waits longer than 30 s. */
export function pause(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(LONGEST_PAUSE_S, 2 ** (attempt + 1));
}

/** Why the server turned us away: `data` of the connect error, or what its message says. */
function refusal(error: Error & { data?: Partial<Failure> }): Partial<Failure> {
  return error.data ?? { code: error.message };
}

const FINAL: Record<string, Ending> = { not_signed_in: "not_signed_in", blocked: "disabled" };

/** Socket.IO over WebSocket, signed in by the session cookie. It decides itself when to come back. */
export class SocketConnection implements Connection {
  state: ConnectionState = "connecting";
  endReason: Ending | null = null;
  restarting = false;

  readonly #socket: Socket;
  readonly #stateListeners = new Set<(state: ConnectionState) => void>();
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #promisedPause: number | null = null;

  constructor(url?: string, auth?: { token: string }) {
    const options = { transports: ["websocket"], reconnection: false, autoConnect: false, timeout: ANSWER_WITHIN_MS };
    this.#socket = io(url ?? location.origin, auth ? { ...options, auth } : options);
    this.#socket.on("connect", this.#arrived);
    this.#socket.on("connect_error", this.#refused);
    this.#socket.on("disconnect", this.#lost);
    this.on("session:ended", ({ reason }) => this.#end(reason));
    this.on("server:closing", ({ delay }) => {
      this.#promisedPause = delay;
      this.restarting = true;
    });
    this.on("connection:stale", ({ stale }) => this.#become(stale ? "stale" : "connected"));
  }

  get connected(): boolean {
    return this.#socket.connected && this.state !== "ended";
  }

  open(): void {
    globalThis.addEventListener?.("online", this.#tryNow);
    globalThis.addEventListener?.("offline", this.#letGo);
    this.#socket.connect();
  }

  close(): void {
    globalThis.removeEventListener?.("online", this.#tryNow);
    globalThis.removeEventListener?.("offline", this.#letGo);
    clearTimeout(this.#timer);
    this.#socket.disconnect();
  }

  async ask<E extends Question>(event: E, payload: Requests[E][0]): Promise<Answer<Requests[E][1]>> {
    if (!this.connected) return { ok: false, error: BUSY };
    try {
      return (await this.#socket.timeout(ANSWER_WITHIN_MS).emitWithAck(event, payload)) as Answer<Requests[E][1]>;
    } catch {
      return { ok: false, error: BUSY };
    }
  }

  tell(event: Remark, payload: Requests[Remark][0]): void {
    if (this.connected) this.#socket.emit(event, payload);
  }

  call<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    return call<T>(method, path, body);
  }

  on<E extends keyof ServerEvents>(event: E, hear: (payload: ServerEvents[E]) => void): void {
    this.#socket.on(event as string, hear as (payload: unknown) => void);
  }

  onConnect(hear: () => void): void {
    this.#socket.on("connect", hear);
    if (this.connected) hear();
  }

  onState(hear: (state: ConnectionState) => void): void {
    this.#stateListeners.add(hear);
  }

  #arrived = (): void => {
    this.#attempt = 0;
    this.#promisedPause = null;
    this.restarting = false;
    this.#become("connected");
  };

  #refused = (error: Error): void => {
    const why = refusal(error);
    const final = FINAL[why.code ?? ""];
    if (final) this.#end(final);
    else this.#comeBack(why.retry_after);
  };

  /** A server that disconnects without a word may have ended the session: ask before knocking again. */
  #lost = (reason: string): void => {
    if (this.state === "ended" || reason === "io client disconnect") return;
    this.#comeBack();
    if (reason === "io server disconnect") void this.#checkSession();
  };

  async #checkSession(): Promise<void> {
    const me = await this.call("GET", "/me");
    const final = me.ok ? undefined : FINAL[me.error.code];
    if (final) this.#end(final);
  }

  #comeBack(after?: number): void {
    if (this.state === "ended") return;
    this.#become("reconnecting");
    const seconds = this.#promisedPause ?? after ?? pause(this.#attempt);
    this.#promisedPause = null;
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#socket.connect(), seconds * 1000);
  }

  #tryNow = (): void => {
    if (this.state === "ended" || this.connected) return;
    this.#attempt = 0;
    clearTimeout(this.#timer);
    this.#socket.connect();
  };

  /** Without a network a socket looks alive until a ping is missed, three quarters of a minute later. */
  #letGo = (): void => void this.#socket.io.engine?.close();

  #end(reason: Ending): void {
    if (this.state === "ended") return;
    this.endReason = reason;
    this.#become("ended");
    this.close();
  }

  #become(state: ConnectionState): void {
    if (this.state === state || this.state === "ended") return;
    this.state = state;
    for (const hear of this.#stateListeners) hear(state);
  }
}
