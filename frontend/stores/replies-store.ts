import type { Connection } from "../connection.js";
import type { Answer, EventOf, Run, RunState, ServerEvents } from "../protocol.js";

/** An answer is the same line from its first word to the finished message. */
export function replyKey(runId: string): string {
  return `reply-${runId}`;
}

/** One answer being waited for, or written. Fires `grew` when there is more of it. */
export class Reply extends EventTarget {
  text = "";
  /** Of the text, in code points: that is how the server counts. */
  length = 0;
  state: RunState;
  readonly id: string;
  readonly questionId: string;
  readonly askerId: string;
  readonly attempt: number;
  readonly begunAt = new Date().toISOString();
  #resuming = false;

  constructor(
    run: Pick<Run, "id" | "question_id" | "asker_id" | "attempt" | "state">,
    private readonly connection: Connection,
  ) {
    super();
    this.id = run.id;
    this.questionId = run.question_id;
    this.askerId = run.asker_id;
    this.attempt = run.attempt;
    this.state = run.state;
  }

  get key(): string {
    return replyKey(this.id);
  }

  get ended(): boolean {
    return this.state !== "waiting" && this.state !== "running";
  }

  /** Whoever began has died before its first word: another begins, and says all of it. */
  restart(): void {
    this.text = "";
    this.length = 0;
    this.state = "running";
    this.dispatchEvent(new Event("grew"));
  }

  /** A piece that follows what we hold is taken, one that we hold is dropped; when one is missing, ask for it. */
  take(offset: number, text: string): void {
    if (offset > this.length) return void this.resume();
    const letters = [...text];
    const fresh = letters.slice(this.length - offset);
    if (!fresh.length) return;
    this.text += fresh.join("");
    this.length += fresh.length;
    this.dispatchEvent(new Event("grew"));
  }

  end(outcome: RunState, length: number): void {
    this.state = outcome;
    if (length > this.length) void this.resume();
    this.dispatchEvent(new Event("grew"));
  }

  /** Ask for what was written since what we hold. */
  async resume(): Promise<void> {
    if (this.#resuming) return;
    this.#resuming = true;
    const answer = await this.connection.ask("assistant:resume", { run_id: this.id, offset: this.length });
    this.#resuming = false;
    if (!answer.ok) return; // the next piece asks again, and the finished answer comes as a message
    const { run, offset, text } = answer.data;
    if (!this.ended) this.state = run.state;
    if (offset <= this.length) this.take(offset, text);
    this.dispatchEvent(new Event("grew"));
  }
}

/**
 * The answers being waited for or written in the room one looks at, in the order in which they are answered. The live
 * events are hints: what they left out is asked for, and what is finished comes as a message. Fires `change` when one
 * comes, begins or ends; what it says meanwhile, it says itself.
 */
export class RepliesStore extends EventTarget {
  #roomId: string | null = null;
  #replies: readonly Reply[] = [];
  #asking: string | null = null;
  #askAgain = false;
  /** What ended does not begin again, whatever an answer says that was on its way before. */
  readonly #over = new Set<string>();

  constructor(private readonly connection: Connection) {
    super();
    connection.onConnect(() => void this.#ask());
    connection.on("reply:waiting", (begun) => this.#begun(begun, "waiting"));
    connection.on("reply:started", (begun) => this.#begun(begun, "running"));
    connection.on("reply:grew", ({ room_id, run_id, offset, text }) => this.#grew(room_id, run_id, offset, text));
    connection.on("reply:ended", ({ run_id, outcome, length }) => this.#ended(run_id, outcome, length));
    connection.on("message:created", (event) => this.#heard(event));
  }

  /** Those of that room; none when it is not the one that is watched. */
  in(roomId: string): readonly Reply[] {
    return roomId === this.#roomId ? this.#replies : [];
  }

  /** Look at another room, or at none. */
  watch(roomId: string | null): void {
    if (roomId === this.#roomId) return;
    this.#roomId = roomId;
    this.#replies = [];
    void this.#ask();
  }

  /** Their answers are among the messages now. */
  forget(ids: ReadonlySet<string>): void {
    if (!this.#replies.some((reply) => ids.has(reply.id))) return;
    this.#replies = this.#replies.filter((reply) => !ids.has(reply.id));
    this.#changed();
  }

  cancel(runId: string): Promise<Answer<unknown>> {
    return this.connection.ask("assistant:cancel", { run_id: runId });
  }

  /** Ask the same once more. */
  async retry(runId: string): Promise<Answer<unknown>> {
    const answer = await this.connection.ask("assistant:retry", { run_id: runId });
    if (answer.ok) this.#keep(answer.data.run);
    return answer;
  }

  /** Who is answered and who waits. What is heard while we ask is newer than the answer. */
  async #ask(): Promise<void> {
    const roomId = this.#roomId;
    if (roomId === null || !this.connection.connected) return;
    if (roomId === this.#asking) return void (this.#askAgain = true);
    this.#asking = roomId;
    this.#askAgain = false;
    const before = new Map(this.#replies.map((reply) => [reply.id, reply]));
    const answer = await this.connection.ask("assistant:watch", { room_id: roomId });
    if (this.#asking === roomId) this.#asking = null;
    if (!answer.ok || roomId !== this.#roomId) return;
    this.#merge(answer.data.runs, before);
    if (this.#askAgain) void this.#ask();
  }

  #merge(runs: readonly Run[], before: ReadonlyMap<string, Reply>): void {
    const open = runs.filter((run) => this.#find(run.id) || !this.#over.has(run.id));
    const told = open.map((run) => this.#find(run.id) ?? new Reply(run, this.connection));
    const heard = this.#replies.filter((reply) => !before.has(reply.id) && !told.includes(reply));
    this.#replies = [...told, ...heard];
    for (const [index, { state }] of open.entries()) {
      const reply = told[index]!;
      if (state === "running" && !reply.ended) {
        reply.state = state;
        void reply.resume();
      }
    }
    this.#changed();
  }

  #find(runId: string): Reply | undefined {
    return this.#replies.find((reply) => reply.id === runId);
  }

  #keep(run: ConstructorParameters<typeof Reply>[0] & { room_id: string }): void {
    if (run.room_id !== this.#roomId || this.#find(run.id)) return;
    this.#replies = [...this.#replies, new Reply(run, this.connection)];
    this.#changed();
  }

  #begun({ run_id: id, ...run }: ServerEvents["reply:started"], state: "waiting" | "running"): void {
    const reply = this.#find(id);
    if (!reply) return this.#keep({ id, ...run, state });
    if (state === "waiting") return;
    reply.restart();
    this.#changed();
  }

  /** Of one we have not heard of we missed the beginning: ask who is waiting, and for what was written. */
  #grew(roomId: string, runId: string, offset: number, text: string): void {
    if (roomId !== this.#roomId) return;
    const reply = this.#find(runId);
    if (!reply) return void this.#ask();
    const began = reply.state === "waiting";
    if (began) reply.state = "running";
    reply.take(offset, text);
    if (began) this.#changed();
  }

  /** Without a length no message comes in its place: there is nothing to see of it any more. */
  #ended(runId: string, outcome: RunState, length: number | null): void {
    this.#over.add(runId);
    const reply = this.#find(runId);
    if (!reply) return;
    if (length === null) return this.forget(new Set([runId]));
    reply.end(outcome, length);
    this.#changed();
  }

  /** A question is a run from the moment it is said. */
  #heard({ id, room_id, actor_id, data }: EventOf<"message:created">): void {
    if (data.asks) this.#keep({ id, room_id, question_id: id, asker_id: actor_id, attempt: 1, state: "waiting" });
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}
