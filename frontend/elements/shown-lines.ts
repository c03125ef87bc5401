import type { Line } from "../stores/room-store.js";
import type { Reply } from "../stores/replies-store.js";

/**
 * What is shown of a room: its messages, then the answers that are on their way. An answer that another one takes the
 * place of is not shown. The same lines for the same room, so that nothing is drawn again for nothing.
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
    const attempts = new Map<string, number>();
    const note = (question: string, attempt: number) => attempts.set(question, Math.max(attempt, attempts.get(question) ?? 0));
    for (const { run } of messages) if (run) note(run.question_id, run.attempt);
    for (const { questionId, attempt } of coming) note(questionId, attempt);
    const isReplaced = ({ run, removed_at, author_id }: Line) =>
      removed_at === null ? run && run.attempt < attempts.get(run.question_id)! : author_id === assistantId;
    const current = messages.some(isReplaced) ? messages.filter((line) => !isReplaced(line)) : messages;
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
