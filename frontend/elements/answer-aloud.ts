import type { Answering } from "../protocol.js";
import { plainWords } from "./plain-words.js";

const LONGEST = 400;

/** What a screen reader says of an answer, once, when it is finished; a long one is read where it stands. */
export function answerAloud(body: string, { outcome, error, sources }: Pick<Answering, "outcome" | "error" | "sources">): string {
  if (outcome === "failed") return `No answer. ${error?.message ?? ""}`.trim();
  const words = plainWords(body);
  const start = words.length > LONGEST ? `${words.slice(0, words.lastIndexOf(" ", LONGEST))} …` : words;
  const from = sources.length ? ` ${sources.length === 1 ? "1 source" : `${sources.length} sources`}.` : "";
  return `${outcome === "stopped" ? "Stopped. " : ""}${start}${from}`;
}
