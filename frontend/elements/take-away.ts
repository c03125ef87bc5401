import { html, type TemplateResult } from "lit";
import downloadIcon from "icon:download";
import { icon } from "./icon.js";

/** A room's history as a file: links, so that the browser saves it while it comes, however long it is. */
export function takeAway(roomId: string): TemplateResult {
  const link = (format: string, name: string, words: string) =>
    html`<a class="button button--small" href="/api/v1/rooms/${encodeURIComponent(roomId)}/export?format=${format}" download title=${words}>
      ${icon(downloadIcon, true)}<span class="visually-hidden">Save the history as </span>${name}
    </a>`;
  return html`<section class="panel__group">
    <h3>Save the history</h3>
    <div class="row">${link("markdown", "Markdown", "To read")} ${link("json", "JSON", "For programs: a message a line")}</div>
  </section>`;
}
