import type { Answering } from "../protocol.js";
import type { Line } from "../stores/room-store.js";
import type { Reply } from "../stores/replies-store.js";

/**
 * What is shown of a room: its messages, then the answers that are on their way. An answer that another one takes the
 * place of is not shown, nor any to a question that is being answered again. The same lines for the same room, so that
 * nothing is drawn again for nothing.
 */
export class ShownLines {
  #messages: readonly Line[] = [];
  #replies: readonly Reply[] = [];
  #shown: readonly Line[] = [];
  #lineOf = new WeakMap<Reply, Line>();

  of(messages: readonly Line[], replies: readonly Reply[], assistantId: string): readonly Line[] {
    if (messages === this.#messages && replies === this.#replies) return this.#shown;
    this.#messages = messages;
    this.#replies = replies;
    const answered = new Set(messages.map((line) => line.run?.id));
    const coming = replies.filter((reply) => !answered.has(reply.id));
    const replaced = new Set(outdone(messages));
    const isAskedAgain = (run: Answering) => coming.some((reply) => reply.questionId === run.question_id && reply.attempt > run.attempt);
    const isHidden = (line: Line) => line.run && (line.removed_at !== null || replaced.has(line) || isAskedAgain(line.run));
    const current = messages.some(isHidden) ? messages.filter((line) => !isHidden(line)) : messages;
    const waiting = coming.map((reply, place) => this.#line(reply, place, assistantId));
    return (this.#shown = waiting.length ? [...current, ...waiting] : current);
  }

  #line(reply: Reply, place: number, assistantId: string): Line {
    const before = this.#lineOf.get(reply);
    if (before?.place === place && before.author_id === assistantId) return before;
    const line: Line = {
      id: reply.id,
      key: reply.key,
      room_id: "",
      seq: 0,
      author_id: assistantId,
      client_id: null,
      body: "",
      mentions: [],
      revision: 0,
      at: before?.at ?? reply.begunAt,
      edited_at: null,
      removed_at: null,
      status: "sent",
      error: null,
      reply,
      place,
    };
    this.#lineOf.set(reply, line);
    return line;
  }
}

/**
 * The answers that a later attempt at the same question has taken the place of, by the rule in docs/protocol.md. The server
 * removes them, but a moment after it has said the later one.
 */
function outdone(messages: readonly Line[]): Line[] {
  const gone: Line[] = [];
  const standing = new Map<string, Line[]>();
  const answers = messages.filter(({ run, removed_at }) => run && removed_at === null);
  for (const line of answers.sort((one, other) => one.run!.attempt - other.run!.attempt)) {
    const former = standing.get(line.run!.question_id) ?? [];
    gone.push(...former.filter((each) => !stays(each, line)));
    standing.set(line.run!.question_id, [...former.filter((each) => stays(each, line)), line]);
  }
  return gone;
}

function stays(former: Line, later: Line): boolean {
  const didWorse = later.run!.outcome === "failed" && former.run!.outcome !== "failed";
  return former.body !== "" && (later.body === "" || didWorse);
}
