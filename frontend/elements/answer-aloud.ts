import type { Answering } from "../protocol.js";

const LONGEST = 400;
/** What Markdown writes that nobody wants to hear: stars, fences, hashes, quotes, the numbers of sources. */
const MARKS = /[*`~|]+|^\s*(?:#+|>+)\s*|\[\d+\]/gm;

/** What a screen reader says of an answer, once, when it is finished; a long one is read where it stands. */
export function answerAloud(body: string, { outcome, error, sources }: Pick<Answering, "outcome" | "error" | "sources">): string {
  if (outcome === "failed") return `No answer. ${error?.message ?? ""}`.trim();
  const words = body.replace(MARKS, "").replace(/\s+/g, " ").trim();
  const start = words.length > LONGEST ? `${words.slice(0, words.lastIndexOf(" ", LONGEST))} …` : words;
  const from = sources.length ? ` ${sources.length === 1 ? "1 source" : `${sources.length} sources`}.` : "";
  return `${outcome === "stopped" ? "Stopped. " : ""}${start}${from}`;
}
