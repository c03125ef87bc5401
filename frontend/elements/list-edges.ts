import { html, nothing, type TemplateResult } from "lit";
import arrowDownIcon from "icon:arrow-down";
import arrowUpIcon from "icon:arrow-up";
import { icon } from "./icon.js";

/** Above the oldest message that is loaded, while there are older ones. */
export function olderAbove({ loading, failed, retry }: { loading: boolean; failed: boolean; retry: () => void }): TemplateResult {
  if (failed)
    return html`<p class="messages__above">
      Older messages could not be loaded.
      <button type="button" class="link-button" @click=${retry}>Try again</button>
    </p>`;
  return html`<p class="messages__above">${loading ? "Loading older messages…" : nothing}</p>`;
}

/** Below the newest message that is loaded, while there are newer ones. */
export function newerBelow({ failed, retry }: { failed: boolean; retry: () => void }): TemplateResult {
  if (!failed) return html`<p class="messages__above messages__below">Loading newer messages…</p>`;
  return html`<p class="messages__above messages__below">
    Newer messages could not be loaded.
    <button type="button" class="link-button" @click=${retry}>Try again</button>
  </p>`;
}

export function jumpToLatest(newer: number, jump: () => void): TemplateResult {
  return html`<div class="jump">
    <button type="button" class="button button--small jump__button" @click=${jump}>
      ${icon(arrowDownIcon, true)}Jump to latest${newer ? html` · ${newer}` : nothing}
    </button>
  </div>`;
}

export function jumpToUnread(count: number, loading: boolean, jump: () => void): TemplateResult {
  return html`<div class="jump jump--up">
    <button type="button" class="button button--small jump__button" ?disabled=${loading} @click=${jump}>
      ${icon(arrowUpIcon, true)}Jump to the first new · ${count}
    </button>
  </div>`;
}
