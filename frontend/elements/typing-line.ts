import { html, nothing, type TemplateResult } from "lit";

/** Always there, so that who begins to write does not move what one reads. */
export function typingLine(names: readonly string[]): TemplateResult {
  return html`<div class="typing" ?data-empty=${!names.length}>
    ${names.length
      ? html`<span class="typing__dots" aria-hidden="true"><i></i><i></i><i></i></span>${typingWords(names)}`
      : nothing}
  </div>`;
}

export function typingWords(names: readonly string[]): string {
  const [one, two, three] = names;
  if (names.length === 1) return `${one} is typing`;
  if (names.length === 2) return `${one} and ${two} are typing`;
  if (names.length === 3) return `${one}, ${two} and ${three} are typing`;
  return "Several people are typing";
}
