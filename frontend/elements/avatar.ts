import { html, nothing, type TemplateResult } from "lit";
import sparklesIcon from "icon:sparkles";
import type { Presence } from "../protocol.js";
import { icon } from "./icon.js";

const COLOURS = 8;

/** One or two letters: of the first and the last word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0]!, words.at(-1)!] : words;
  return letters.map((word) => [...word][0] ?? "").join("").toLocaleUpperCase() || "?";
}

/** The same name has the same colour everywhere; FNV-1a because its low bits differ for names that are alike. */
export function colourOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const letter of name) hash = Math.imul(hash ^ letter.codePointAt(0)!, 0x01000193);
  return ((hash ^ (hash >>> 13)) >>> 0) % COLOURS;
}

/** A small one has room for one letter. */
export function avatar(name: string, presence?: Presence, small = false): TemplateResult {
  const size = small ? " avatar--small" : "";
  return html`<span class="avatar avatar--${colourOf(name)}${size}" aria-hidden="true"
    >${small ? [...initials(name)][0] : initials(name)}${presence ? html`<span class="dot dot--${presence}"></span>` : nothing}</span
  >`;
}

/** The sign of what is not a person. */
export function assistantAvatar(small = false): TemplateResult {
  return html`<span class=${small ? "avatar avatar--assistant avatar--small" : "avatar avatar--assistant"} aria-hidden="true">${icon(sparklesIcon, true)}</span>`;
}

export const PRESENCE_WORDS: Record<Presence, string> = { active: "online", away: "away", offline: "offline" };
