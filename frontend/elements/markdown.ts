import { html, nothing, type TemplateResult } from "lit";
import { Lexer, type Token, Tokenizer, type Tokens } from "marked";
import copyIcon from "icon:copy";
import { icon } from "./icon.js";

/** Whom a message names, and whether that is the reader. */
export interface Mention {
  name: string;
  self: boolean;
}

type Piece = TemplateResult | string | typeof nothing;

const DEEPEST = 12;
const SAFE_LINKS = new Set(["http:", "https:", "mailto:"]);

/** What a chat message can say: no tables, no headings of other pages' outlines, no markup. */
class MessageTokenizer extends Tokenizer {
  override table(): undefined {}
  override html(): undefined {}
  override tag(): undefined {}
  override def(): undefined {}
  override lheading(): undefined {}
}

/**
 * A message as Lit templates. The text of tokens becomes text of the page, never markup; a link goes only where
 * `safeLink` lets it; images are named, never loaded.
 */
export function markdown(body: string, mentions: readonly Mention[] = []): TemplateResult {
  return html`${blocks(parse(body), namesIn(mentions), 0)}`;
}

function parse(body: string): Token[] {
  try {
    return new Lexer({ gfm: true, breaks: true, tokenizer: new MessageTokenizer() }).lex(body);
  } catch {
    return [{ type: "text", raw: body, text: body }]; // nested beyond what the lexer can stand
  }
}

function blocks(tokens: Token[], names: Names, depth: number): Piece[] {
  return tokens.map((token) => block(token, names, depth));
}

function block(token: Token, names: Names, depth: number): Piece {
  if (depth > DEEPEST) return token.raw;
  switch (token.type) {
    case "space":
    case "def":
      return nothing;
    case "paragraph":
      return html`<p>${inlines(token, names, depth)}</p>`;
    case "heading":
      return html`<p class="md-heading">${inlines(token, names, depth)}</p>`;
    case "hr":
      return html`<hr />`;
    case "code":
      return codeBlock(token as Tokens.Code);
    case "blockquote":
      return html`<blockquote>${blocks((token as Tokens.Blockquote).tokens, names, depth + 1)}</blockquote>`;
    case "list":
      return list(token as Tokens.List, names, depth);
    case "text":
      return "tokens" in token && token.tokens ? html`${inlines(token, names, depth)}` : withMentions(token.text, names);
    default:
      return html`<p>${token.raw}</p>`;
  }
}

function list(token: Tokens.List, names: Names, depth: number): TemplateResult {
  const items = token.items.map(
    (item) => html`<li>${item.task ? (item.checked ? "☑ " : "☐ ") : nothing}${blocks(item.tokens, names, depth + 1)}</li>`,
  );
  return token.ordered ? html`<ol start=${token.start || 1}>${items}</ol>` : html`<ul>${items}</ul>`;
}

function codeBlock({ text, lang }: Tokens.Code): TemplateResult {
  return html`<div class="code">
    <div class="code__head">
      <span>${lang?.split(/\s/, 1)[0]}</span>
      <button type="button" class="icon-button icon-button--small" data-copy=${text} aria-label="Copy code" title="Copy code">
        ${icon(copyIcon, true)}
      </button>
    </div>
    <pre tabindex="0"><code>${text}</code></pre>
  </div>`;
}

function inlines(token: Token, names: Names, depth: number): Piece[] {
  const tokens = "tokens" in token && token.tokens ? token.tokens : [];
  return tokens.map((each) => inline(each, names, depth + 1));
}

function inline(token: Token, names: Names, depth: number): Piece {
  if (depth > DEEPEST) return token.raw;
  switch (token.type) {
    case "strong":
      return html`<strong>${inlines(token, names, depth)}</strong>`;
    case "em":
      return html`<em>${inlines(token, names, depth)}</em>`;
    case "del":
      return html`<del>${inlines(token, names, depth)}</del>`;
    case "codespan":
      return html`<code>${token.text}</code>`;
    case "br":
      return html`<br />`;
    case "link":
      return link((token as Tokens.Link).href, inlines(token, names, depth));
    case "image":
      return link((token as Tokens.Image).href, [(token as Tokens.Image).text || (token as Tokens.Image).href]);
    case "text":
      return "tokens" in token && token.tokens ? html`${inlines(token, names, depth)}` : withMentions(token.text, names);
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

interface Names {
  pattern: RegExp | null;
  self: Set<string>;
}

/** Longest first, so that "@Ada Lovelace" is not taken for an "@Ada" who is also named. */
function namesIn(mentions: readonly Mention[]): Names {
  const names = mentions.map(({ name }) => name).sort((a, b) => b.length - a.length);
  const choice = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  const self = new Set(mentions.filter((mention) => mention.self).map(({ name }) => name.toLowerCase()));
  return { pattern: choice ? new RegExp(`@(?:${choice})(?![\\p{L}\\p{N}_])`, "giu") : null, self };
}

function withMentions(text: string, { pattern, self }: Names): Piece {
  if (!pattern) return text;
  const pieces: Piece[] = [];
  let end = 0;
  for (const found of text.matchAll(pattern)) {
    const kind = self.has(found[0].slice(1).toLowerCase()) ? "mention mention--self" : "mention";
    pieces.push(text.slice(end, found.index), html`<span class=${kind}>${found[0]}</span>`);
    end = found.index + found[0].length;
  }
  return pieces.length ? html`${pieces}${text.slice(end)}` : text;
}
