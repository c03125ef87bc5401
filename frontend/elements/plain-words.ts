/** What Markdown writes for the eye: stars, fences, bars, hashes, quotes, bullets, the numbers of sources. */
const MARKS = /[*`~|]+|^\s*(?:#+|>+|[-+])\s+|\[\d+\]/gm;

/** The words alone, on one line: for the ear, and where there is room for little. */
export function plainWords(markdown: string): string {
  return markdown.replace(MARKS, "").replace(/\s+/g, " ").trim();
}

/** A piece of a text, without the signs that cannot be anything else; `begins`: it begins a line. */
export function withoutSigns(piece: string, begins: boolean): string {
  const heads = begins ? /(^|\n)[ \t]*(?:#+|>+)[ \t]+/g : /(\n)[ \t]*(?:#+|>+)[ \t]+/g;
  return piece.replace(/[*`~]+/g, "").replace(heads, "$1");
}
