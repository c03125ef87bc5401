import { html, nothing, type TemplateResult } from "lit";
import type { Presence } from "../protocol.js";
import { assistantAvatar, avatar } from "./avatar.js";

export interface Mentionable {
  id: string;
  name: string;
  /** null of the assistant: it is neither there nor away. */
  presence: Presence | null;
}

const OFFERED = 6;
/** What the assistant is called by, whatever its name. */
const ASSISTANT = "assistant";
/** An @ at the start or after a space, then at most three words, up to where the caret is. */
const BEGUN = /(?:^|[\s(])@((?:[^\s@]+ ?){0,3})$/u;

/** What of a mention stands before the caret, or null. */
export function mentionBegun(textBeforeCaret: string): string | null {
  return BEGUN.exec(textBeforeCaret)?.[1] ?? null;
}

/** Whose name, or a word of it, begins like that; those who are there first. */
export function mentionChoices(people: readonly Mentionable[], begun: string): Mentionable[] {
  const wanted = begun.toLocaleLowerCase().trimStart();
  const matches = people.filter(({ name, presence }) => {
    const lower = name.toLocaleLowerCase();
    if (presence === null && ASSISTANT.startsWith(wanted)) return true;
    return lower.startsWith(wanted) || lower.split(/\s+/).some((word) => wanted && word.startsWith(wanted));
  });
  return matches.sort((a, b) => Number(a.presence === "offline") - Number(b.presence === "offline")).slice(0, OFFERED);
}

export function mentionList(
  choices: readonly Mentionable[],
  chosen: number,
  take: (who: Mentionable) => void,
): TemplateResult | typeof nothing {
  if (!choices.length) return nothing;
  return html`<ul class="mentions" id="mention-choices" role="listbox" aria-label="People to mention">
    ${choices.map(
      (who, index) =>
        html`<li
          id="mention-${index}"
          class="mentions__choice"
          role="option"
          aria-selected=${index === chosen}
          @pointerdown=${(event: Event) => {
            event.preventDefault(); // the box keeps the focus
            take(who);
          }}
        >
          ${who.presence === null ? assistantAvatar(true) : avatar(who.name, who.presence, true)}<span>${who.name}</span>
        </li>`,
    )}
  </ul>`;
}
