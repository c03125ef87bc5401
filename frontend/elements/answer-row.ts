import { html, nothing, type TemplateResult } from "lit";
import { assistantAvatar } from "./avatar.js";
import type { Row } from "./rows.js";
import type { Clock } from "./times.js";

export interface AnswerContext {
  author: string;
  /** Who asked. */
  asker: string;
  /** The reader asked. */
  own: boolean;
  clock: Clock;
  /** The one row that Tab reaches. */
  current: boolean;
  stoppable: boolean;
  repeatable: boolean;
  removable: boolean;
}

/** An answer: as wide as the column, because what it says is often long; its question is named when it stands further up. */
export function answerRow({ line, unreadAbove, question, follows }: Row, about: AnswerContext): TemplateResult {
  const at = new Date(line.at);
  return html`${unreadAbove ? html`<li class="unread-divider" data-unread><span>New messages</span></li>` : nothing}
    <li class="message message--other message--first message--answer" data-key=${line.key} tabindex=${about.current ? "0" : "-1"}>
      ${assistantAvatar()}
      <div class="message__column">
        <p class="message__head">
          <span class="message__author">${about.author}</span>
          <time datetime=${at.toISOString()} title=${about.clock.full(at)}>${about.clock.at(at)}</time>
        </p>
        ${question && !follows
          ? html`<button type="button" class="answer__about" data-action="show-question">
              <span>To ${about.asker}:</span> ${question.body}
            </button>`
          : nothing}
        <assistant-answer
          .line=${line}
          .own=${about.own}
          .stoppable=${about.stoppable}
          .repeatable=${about.repeatable}
          .removable=${about.removable}
        ></assistant-answer>
      </div>
    </li>`;
}
