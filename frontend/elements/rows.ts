import type { Line } from "../stores/room-store.js";
import { type Clock, RUN_MS } from "./times.js";

export interface Row {
  line: Line;
  /** The first and the last of what one person said within five minutes; the first has the name, time and avatar. */
  first: boolean;
  last: boolean;
  /** What follows is new since the room was opened. */
  unreadAbove: boolean;
  /** What an answer answers, when that is among the lines; and whether it follows right after it. */
  question: Line | null;
  follows: boolean;
}

export interface Day {
  key: string;
  date: Date;
  rows: Row[];
}

/**
 * Lines into days of runs. `unreadAfter` is the last number read when the room was opened, null when all was, or when
 * what follows it is not among the lines.
 */
export function days(lines: readonly Line[], unreadAfter: number | null, me: string, clock: Clock): Day[] {
  const found: Day[] = [];
  let runStart = 0;
  const questions = new Map<string, Line>();
  let previous: Row | undefined;
  let dividerDue = unreadAfter !== null;
  for (const line of lines) {
    const date = new Date(line.at);
    // An answer being written has no time of the server's yet, and the browser's clock may be days off.
    const newDay = !found.length || (!line.reply && !clock.sameDay(found.at(-1)!.date, date));
    if (newDay) found.push({ key: clock.dayKey(date), date, rows: [] });
    const unreadAbove = dividerDue && line.seq > unreadAfter! && line.author_id !== me;
    if (unreadAbove) dividerDue = false;
    if (line.asks) questions.set(line.id, line);
    const question = questions.get(questionOf(line) ?? "") ?? null;
    const alike = questionOf(line) === null && previous?.line.author_id === line.author_id && date.getTime() - runStart < RUN_MS;
    const first = newDay || unreadAbove || !alike;
    if (first) runStart = date.getTime();
    if (first && previous) previous.last = true;
    const row: Row = { line, first, last: false, unreadAbove, question, follows: question !== null && previous?.line === question };
    found.at(-1)!.rows.push(row);
    previous = row;
  }
  if (previous) previous.last = true;
  return found;
}

/** The question that this is the answer to, or will be. */
export function questionOf({ run, reply }: Line): string | null {
  return run?.question_id ?? reply?.questionId ?? null;
}

const IN_A_CHUNK = 64;

/**
 * Neighbours that are drawn together; a row stays in its chunk whatever is said below or loaded above. An answer is one
 * by itself: it has no number until it is finished, and must be the same element before and after.
 */
export function chunks(rows: readonly Row[]): { key: string; rows: Row[] }[] {
  const found: { key: string; rows: Row[] }[] = [];
  let answer = "";
  for (const row of rows) {
    const isAnswer = questionOf(row.line) !== null;
    if (isAnswer) answer = row.line.key;
    const block = row.line.seq ? String(Math.floor(row.line.seq / IN_A_CHUNK)) : "pending";
    const key = isAnswer ? answer : `${block} ${answer}`;
    const last = found.at(-1);
    if (last?.key === key) last.rows.push(row);
    else found.push({ key, rows: [row] });
  }
  return found;
}
