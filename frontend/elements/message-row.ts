import { html, nothing, type TemplateResult } from "lit";
import checkIcon from "icon:check";
import clockIcon from "icon:clock";
import copyIcon from "icon:copy";
import errorIcon from "icon:circle-alert";
import pencilIcon from "icon:pencil";
import trashIcon from "icon:trash-2";
import { avatar } from "./avatar.js";
import { icon } from "./icon.js";
import { markdown, type Mention } from "./markdown.js";
import type { Row } from "./rows.js";
import type { Clock } from "./times.js";

export interface RowContext {
  own: boolean;
  author: string;
  mentions: readonly Mention[];
  clock: Clock;
  /** The one row that Tab reaches. */
  current: boolean;
  editing: boolean;
  removable: boolean;
  /** The newest of one's own: the only one that says it was sent. */
  newestOwn: boolean;
  /** Not numbered for so long that one begins to wonder. */
  slow: boolean;
}

/** Why it is not through yet, where more is known than that it is not. */
const WAITING: Record<string, string> = {
  too_fast: "Too many at once, sent in a moment…",
  assistant_unavailable: "The assistant cannot be reached. Trying again…",
};

/** Why it names the assistant and yet asks it nothing. */
const UNASKED: Record<string, (whose: string) => string> = {
  too_fast: (whose) => `Not answered: too many of ${whose} questions wait for their answers. Ask again when one of them has ended.`,
};

/** One message. Buttons carry `data-action`; the list listens once for all of them. */
export function messageRow({ line, first, last, unreadAbove }: Row, about: RowContext): TemplateResult {
  const { own, author, current, editing } = about;
  const at = new Date(line.at);
  const classes = [
    "message",
    own ? "message--own" : "message--other",
    first && "message--first",
    last && "message--last",
    line.status !== "sent" && `message--${line.status}`,
    editing && "message--editing",
    about.mentions.some(({ self }) => self) && "message--named",
  ];
  return html`${unreadAbove ? html`<li class="unread-divider" data-unread><span>New messages</span></li>` : nothing}
    <li class=${classes.filter(Boolean).join(" ")} data-key=${line.key} tabindex=${current ? "0" : "-1"}>
      ${first ? avatar(author) : nothing}
      <div class="message__column">
        ${head(about, at, first)}
        <div class="message__line">
          <div class="bubble prose">${content(about, line)}</div>
          ${actions(line, about, at)}
        </div>
        ${state(line, about)}
      </div>
    </li>`;
}

function head({ own, author, clock }: RowContext, at: Date, first: boolean): TemplateResult {
  const time = html`<time datetime=${at.toISOString()} title=${clock.full(at)}>${clock.at(at)}</time>`;
  if (!first) return html`<p class="visually-hidden">${author}, ${time}</p>`;
  return html`<p class="message__head">
    <span class=${own ? "visually-hidden" : "message__author"}>${own ? "You" : author}</span> ${time}
  </p>`;
}

function content({ mentions }: RowContext, line: Row["line"]): TemplateResult {
  if (line.removed_at) return html`<p class="bubble__removed">Message removed</p>`;
  return html`${markdown(line.body, mentions)}${line.edited_at
    ? html` <span class="bubble__edited">(edited)</span>`
    : nothing}`;
}

function actions(line: Row["line"], { own, removable, clock }: RowContext, at: Date): TemplateResult | typeof nothing {
  if (line.removed_at || line.status !== "sent") return nothing;
  return html`<div class="message__actions">
    <span class="message__time" aria-hidden="true">${clock.time(at)}</span>
    ${action("copy", "Copy text", copyIcon)} ${own ? action("edit", "Edit message", pencilIcon) : nothing}
    ${removable ? action("remove", "Remove message", trashIcon) : nothing}
  </div>`;
}

function action(name: string, label: string, drawing: Parameters<typeof icon>[0]): TemplateResult {
  return html`<button
    type="button"
    class="icon-button icon-button--small"
    data-action=${name}
    aria-label=${label}
    title=${label}
  >
    ${icon(drawing, true)}
  </button>`;
}

function state(line: Row["line"], { own, author, newestOwn, slow }: RowContext): TemplateResult | typeof nothing {
  if (line.status === "failed")
    return html`<p class="message__state message__state--failed" role="alert">
      ${icon(errorIcon, true)}<span>Not sent${line.error ? html` — ${line.error.message}` : nothing}</span>
      <button type="button" class="link-button" data-action="retry">Retry</button>
      <button type="button" class="link-button" data-action="discard">Delete</button>
    </p>`;
  if (line.status === "sending") {
    const words = WAITING[line.error?.code ?? ""] ?? (slow ? "Still sending…" : "Sending…");
    return html`<p class="message__state">${icon(clockIcon, true)}<span>${words}</span></p>`;
  }
  if (line.unasked && !line.removed_at) {
    const words = UNASKED[line.unasked] ?? (() => "Not answered: the assistant was not asked.");
    return html`<p class="message__state">${icon(errorIcon, true)}<span>${words(own ? "your" : `${author}’s`)}</span></p>`;
  }
  return newestOwn ? html`<p class="message__state">${icon(checkIcon, true)}<span>Sent</span></p>` : nothing;
}
