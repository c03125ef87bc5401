import { html, nothing, type TemplateResult } from "lit";
import { Lexer, type Token, Tokenizer, type Tokens } from "marked";
import copyIcon from "icon:copy";
import { icon } from "./icon.js";

/** Whom a message names, and whether that is the reader. */
export interface Mention {
  name: string;
  self: boolean;
}

export type Piece = TemplateResult | string | typeof nothing;
/** What `[n]` is drawn as; null leaves it as it is written. */
export type Cite = (n: number) => Piece | null;

/** With the space before it, which must not part it from what it is said of. */
const CITATION = / ?\[(\d{1,3})\]/g;
const DEEPEST = 12;
const SAFE_LINKS = new Set(["http:", "https:", "mailto:"]);

/** What an answer can say: no markup, no definitions that would act at a distance. */
class AnswerTokenizer extends Tokenizer {
  override html(): undefined {}
  override tag(): undefined {}
  override def(): undefined {}
  override lheading(): undefined {}
}

/** What a chat message can say: no tables either. */
class MessageTokenizer extends AnswerTokenizer {
  override table(): undefined {}
}

/**
 * A message as Lit templates. The text of tokens becomes text of the page, never markup; a link goes only where
 * `safeLink` lets it; images are named, never loaded.
 */
export function markdown(body: string, mentions: readonly Mention[] = []): TemplateResult {
  return html`${blocks(parse(body, new MessageTokenizer()), namesIn(mentions), 0)}`;
}

/** The blocks of an answer, to be drawn one by one. */
export function answerBlocks(text: string): Token[] {
  return parse(text, new AnswerTokenizer());
}

/** One of them. `[n]` becomes what `cite` makes of the number. */
export function answerBlock(token: Token, cite: Cite): Piece {
  return block(token, { pattern: CITATION, cite }, 0);
}

function parse(body: string, tokenizer: Tokenizer): Token[] {
  try {
    return new Lexer({ gfm: true, breaks: true, tokenizer }).lex(body);
  } catch {
    return [{ type: "text", raw: body, text: body }]; // nested beyond what the lexer can stand
  }
}

function blocks(tokens: Token[], words: Words, depth: number): Piece[] {
  return tokens.map((token) => block(token, words, depth));
}

function block(token: Token, words: Words, depth: number): Piece {
  if (depth > DEEPEST) return token.raw;
  switch (token.type) {
    case "space":
    case "def":
      return nothing;
    case "paragraph":
      return html`<p>${inlines(token, words, depth)}</p>`;
    case "heading":
      return html`<p class="md-heading">${inlines(token, words, depth)}</p>`;
    case "hr":
      return html`<hr />`;
    case "code":
      // A fence around nothing is what was typed; in an answer that grows, its code comes in a moment.
      return token.text.trim() || "cite" in words ? codeBlock(token as Tokens.Code) : html`<p>${token.raw.trim()}</p>`;
    case "blockquote":
      return html`<blockquote>${blocks((token as Tokens.Blockquote).tokens, words, depth + 1)}</blockquote>`;
    case "table":
      return table(token as Tokens.Table, words, depth);
    case "list":
      return list(token as Tokens.List, words, depth);
    case "text":
      return "tokens" in token && token.tokens ? html`${inlines(token, words, depth)}` : inWords(token.text, words);
    default:
      return html`<p>${token.raw}</p>`;
  }
}

function list(token: Tokens.List, words: Words, depth: number): TemplateResult {
  const items = token.items.map(
    (item) => html`<li>${item.task ? (item.checked ? "☑ " : "☐ ") : nothing}${blocks(item.tokens, words, depth + 1)}</li>`,
  );
  return token.ordered ? html`<ol start=${token.start || 1}>${items}</ol>` : html`<ul>${items}</ul>`;
}

function table({ header, rows }: Tokens.Table, words: Words, depth: number): TemplateResult {
  const cells = (row: Tokens.TableCell[]) => row.map((cell) => html`<td>${inlines(cell as unknown as Token, words, depth)}</td>`);
  return html`<div class="table" tabindex="0" role="region" aria-label="Table">
    <table>
      <thead>
        <tr>
          ${header.map((cell) => html`<th scope="col">${inlines(cell as unknown as Token, words, depth)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map((row) => html`<tr>${cells(row)}</tr>`)}
      </tbody>
    </table>
  </div>`;
}

function codeBlock({ text, lang }: Tokens.Code): TemplateResult {
  return html`<div class="code">
    <div class="code__head">
      <span>${lang?.split(/\s/, 1)[0]}</span>
      <button type="button" class="icon-button icon-button--small" data-copy aria-label="Copy code" title="Copy code">
        ${icon(copyIcon, true)}
      </button>
    </div>
    <pre tabindex="0"><code>${text}</code></pre>
  </div>`;
}

function inlines(token: Token, words: Words, depth: number): Piece[] {
  const tokens = "tokens" in token && token.tokens ? token.tokens : [];
  return tokens.map((each) => inline(each, words, depth + 1));
}

function inline(token: Token, words: Words, depth: number): Piece {
  if (depth > DEEPEST) return token.raw;
  switch (token.type) {
    case "strong":
      return html`<strong>${inlines(token, words, depth)}</strong>`;
    case "em":
      return html`<em>${inlines(token, words, depth)}</em>`;
    case "del":
      return html`<del>${inlines(token, words, depth)}</del>`;
    case "codespan":
      return html`<code>${token.text}</code>`;
    case "br":
      return html`<br />`;
    case "link":
      return link((token as Tokens.Link).href, inlines(token, words, depth));
    case "image":
      return link((token as Tokens.Image).href, [(token as Tokens.Image).text || (token as Tokens.Image).href]);
    case "text": // as it was typed: in `text` the lexer has made signs of some entities
      return "tokens" in token && token.tokens ? html`${inlines(token, words, depth)}` : inWords(token.raw, words);
    case "escape":
      return token.text;
    default:
      return token.raw;
  }
}

function link(href: string, words: Piece[]): TemplateResult {
  const safe = safeLink(href);
  if (!safe) return html`${words}`;
  return html`<a href=${safe} target="_blank" rel="noopener nofollow ugc">${words}</a>`;
}

/** An absolute http, https or mailto address, or nothing. */
export function safeLink(href: string): string | null {
  try {
    const url = new URL(href);
    return SAFE_LINKS.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** What in plain text is more than plain text. */
type Words = { pattern: RegExp | null; self: ReadonlySet<string> } | { pattern: RegExp; cite: Cite };

/** Longest first, so that "@Ada Lovelace" is not taken for an "@Ada" who is also named. */
function namesIn(mentions: readonly Mention[]): Words {
  const names = mentions.map(({ name }) => name).sort((a, b) => b.length - a.length);
  const choice = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  const self = new Set(mentions.filter((mention) => mention.self).map(({ name }) => name.toLowerCase()));
  return { pattern: choice ? new RegExp(`@(?:${choice})(?![\\p{L}\\p{N}_])`, "giu") : null, self };
}

function inWords(text: string, words: Words): Piece {
  if (!words.pattern) return text;
  const pieces: Piece[] = [];
  let end = 0;
  for (const found of text.matchAll(words.pattern)) {
    const piece = "cite" in words ? words.cite(Number(found[1])) : mentioned(found[0], words.self);
    if (piece === null) continue;
    pieces.push(text.slice(end, found.index), "cite" in words && found[0].startsWith(" ") ? "\u00a0" : nothing, piece);
    end = found.index + found[0].length;
  }
  return pieces.length ? html`${pieces}${text.slice(end)}` : text;
}

function mentioned(name: string, self: ReadonlySet<string>): TemplateResult {
  const kind = self.has(name.slice(1).toLowerCase()) ? "mention mention--self" : "mention";
  return html`<span class=${kind}>${name}</span>`;
}
