/** What Markdown writes for the eye: stars, fences, bars, hashes, quotes, bullets, the numbers of sources. */
const MARKS = /[*`~|]+|^\s*(?:#+|>+|[-+])\s+|\[\d+\]/gm;

/** The words alone, on one line: for the ear, and where there is room for little. */
export function plainWords(markdown: string): string {
  return markdown.replace(MARKS, "").replace(/\s+/g, " ").trim();
}
