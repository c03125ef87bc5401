import { html, type TemplateResult } from "lit";
import chevronIcon from "icon:chevron-right";
import fileIcon from "icon:file-text";
import messageIcon from "icon:message-circle";
import type { Source } from "../protocol.js";
import { icon } from "./icon.js";
import { plainWords } from "./plain-words.js";

/** What an answer rests on: closed a number, open each with the words that were quoted. */
export function sourceList(sources: readonly Source[], open: (source: Source) => void): TemplateResult {
  return html`<details class="sources">
    <summary>${icon(chevronIcon, true)}${sources.length === 1 ? "1 source" : `${sources.length} sources`}</summary>
    <ol role="list">
      ${sources.map(
        (source) =>
          html`<li>
            <button type="button" class="row-button source" @click=${() => open(source)}>
              <span class="cite" aria-hidden="true">${source.n}</span>
              <span class="source__words">
                <strong>${icon(source.kind === "document" ? fileIcon : messageIcon, true)}<span>${source.title}</span></strong>
                <small>${plainWords(source.quote)}</small>
              </span>
            </button>
          </li>`,
      )}
    </ol>
  </details>`;
}
