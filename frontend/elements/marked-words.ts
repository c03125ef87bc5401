import { html, type TemplateResult } from "lit";
import { withoutSigns } from "./plain-words.js";

/** Some Markdown as plain words, those of them marked that are asked for; where they are is counted in code points. */
export function markedWords(text: string, marks: readonly (readonly [number, number])[]): TemplateResult {
  const letters = [...text];
  const said = (from: number, to?: number) => letters.slice(from, to).join("");
  const between = (from: number, to?: number) => withoutSigns(said(from, to), from === 0);
  const ends = [0, ...marks.map(([, end]) => end)];
  return html`${marks.map(([start, end], place) => html`${between(ends[place]!, start)}<mark>${said(start, end)}</mark>`)}${between(ends.at(-1)!)}`;
}
