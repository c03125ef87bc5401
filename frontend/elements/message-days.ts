import { html, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import { answerRow } from "./answer-row.js";
import type { Mention } from "./markdown.js";
import { messageRow } from "./message-row.js";
import { chunks, type Day, questionOf, type Row } from "./rows.js";
import type { SlowSending } from "./slow-sending.js";
import type { Clock } from "./times.js";

/** What rows look like beside what they say. */
export interface Drawing {
  currentUserId: string;
  nameOf: (id: string) => string;
  /** Changes when `nameOf` would answer otherwise. */
  namesVersion: unknown;
  canModerate: boolean;
  /** Of the row that Tab reaches. */
  focusKey: string | null;
  newestOwnKey: string | null;
  editingKey: string | null;
  clock: Clock;
  slow: SlowSending;
}

/** The days of a list of messages, each with its title and its rows. */
export function messageDays(days: readonly Day[], drawing: Drawing): unknown {
  return repeat(
    days,
    (day) => day.key,
    (day) => messageDay(day, drawing),
  );
}

function messageDay(day: Day, drawing: Drawing): TemplateResult {
  const title = drawing.clock.day(day.date);
  return html`<section class="day" aria-label=${title}>
    <h3 class="day__title"><span>${title}</span></h3>
    <ol class="day__messages" role="list">
      ${repeat(
        chunks(day.rows),
        (chunk) => chunk.key,
        (chunk) => rowsOf(chunk.rows, drawing),
      )}
    </ol>
  </section>`;
}

/** Drawn again only when something it shows is different: in a long history most chunks never are. */
function rowsOf(rows: readonly Row[], drawing: Drawing): unknown {
  const within = (key: string | null) => (rows.some((row) => row.line.key === key) ? key : null);
  const waiting = rows.some((row) => row.line.status === "sending");
  const shown = rows.flatMap(({ line, first, last, unreadAbove, question, follows }) => [line, first, last, unreadAbove, question, follows]);
  const marked = [within(drawing.focusKey), within(drawing.newestOwnKey), within(drawing.editingKey), waiting ? drawing.slow.version : 0];
  return guard([...shown, ...marked, drawing.namesVersion, drawing.canModerate, drawing.clock.dayKey(new Date())], () =>
    repeat(
      rows,
      (row) => row.line.key,
      (row) => (questionOf(row.line) === null ? message(row, drawing) : answer(row, drawing)),
    ),
  );
}

function message(row: Row, drawing: Drawing): TemplateResult {
  const { line } = row;
  const { currentUserId, nameOf } = drawing;
  const own = line.author_id === currentUserId;
  return messageRow(row, {
    own,
    author: nameOf(line.author_id),
    mentions: line.mentions.map((id): Mention => ({ name: nameOf(id), self: id === currentUserId })),
    clock: drawing.clock,
    current: line.key === drawing.focusKey,
    editing: line.key === drawing.editingKey,
    removable: own || drawing.canModerate,
    newestOwn: line.key === drawing.newestOwnKey,
    slow: drawing.slow.isSlow(line),
  });
}

function answer(row: Row, drawing: Drawing): TemplateResult {
  const { line, question } = row;
  const { canModerate, nameOf } = drawing;
  const asker = line.reply?.askerId ?? question?.author_id;
  const own = asker === drawing.currentUserId;
  return answerRow(row, {
    author: nameOf(line.author_id),
    asker: own ? "you" : nameOf(asker ?? ""),
    own,
    clock: drawing.clock,
    current: line.key === drawing.focusKey,
    stoppable: own || canModerate,
    repeatable: own || canModerate,
    removable: canModerate,
  });
}
