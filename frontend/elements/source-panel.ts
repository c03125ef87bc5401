import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import closeIcon from "icon:x";
import fileIcon from "icon:file-text";
import messageIcon from "icon:message-circle";
import type { ChatClient } from "../chat-client.js";
import type { Passage, Source } from "../protocol.js";
import { icon } from "./icon.js";
import { LightElement } from "./light-element.js";
import { answerBlock, answerBlocks } from "./markdown.js";

/**
 * <source-panel> — what an answer quotes: a passage where it stands in its document, or the way to a message.
 *
 * @fires panel-closed
 * @fires message-asked  detail: {roomId, seq}
 */
export class SourcePanelElement extends LightElement {
  static override properties = {
    client: { attribute: false },
    source: { attribute: false },
    passage: { state: true },
    failed: { state: true },
  };

  client!: ChatClient;
  source!: Source;
  passage: Passage | null = null;
  /** Why the passage is not there. */
  failed = "";

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("source")) void this.#load();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("source")) this.querySelector<HTMLElement>(".panel__head button")?.focus();
    if (changed.has("passage")) this.querySelector("mark")?.scrollIntoView({ block: "start" });
  }

  protected override render(): TemplateResult {
    const { source } = this;
    const isDocument = source.kind === "document";
    return html`<aside class="panel" aria-label="Source">
      <header class="panel__head">
        <h2>Source ${source.n}</h2>
        <button type="button" class="icon-button" aria-label="Close the source" @click=${() => this.fire("panel-closed")}>
          ${icon(closeIcon)}
        </button>
      </header>
      <div class="panel__body" tabindex="0" role="group" aria-label=${source.title}>
        <h3 class="passage__title">${icon(isDocument ? fileIcon : messageIcon, true)}<span>${source.title}</span></h3>
        ${isDocument ? this.#document() : this.#message()}
      </div>
    </aside>`;
  }

  #document(): TemplateResult {
    const { passage, source } = this;
    if (passage)
      return html`<div class="passage">
        ${passage.heading ? html`<p class="passage__heading">${passage.heading}</p>` : nothing}
        ${passage.before ? html`<div class="passage__around">${this.#words(passage.before)}</div>` : nothing}
        <mark class="passage__quoted">${this.#words(passage.text)}</mark>
        ${passage.after ? html`<div class="passage__around">${this.#words(passage.after)}</div>` : nothing}
      </div>`;
    return html`<blockquote class="passage passage__quoted">${source.quote}</blockquote>
      ${this.failed ? html`<p class="notice">${this.failed}</p>` : html`<p class="muted" role="status">Opening the document…</p>`}`;
  }

  /** As it is meant to be read, where we know what it is written in. */
  #words(text: string): TemplateResult {
    if (!/\.(md|markdown)$/i.test(this.source.title)) return html`<p class="passage__plain">${text}</p>`;
    return html`<div class="prose">${answerBlocks(text).map((block) => answerBlock(block, () => null))}</div>`;
  }

  #message(): TemplateResult {
    const { room_id: roomId, seq, quote } = this.source;
    return html`<blockquote class="passage passage__quoted">${quote}</blockquote>
      ${roomId && seq
        ? html`<button type="button" class="button button--block" @click=${() => this.fire("message-asked", { roomId, seq })}>
            Go to the message
          </button>`
        : nothing}`;
  }

  async #load(): Promise<void> {
    const { source } = this;
    this.passage = null;
    this.failed = "";
    if (!source.passage_id) return;
    const answer = await this.client.connection.call<Passage>("GET", `/passages/${encodeURIComponent(source.passage_id)}`);
    if (source !== this.source) return; // another one was opened meanwhile
    if (answer.ok) this.passage = answer.data;
    else this.failed = answer.error.code === "not_found" ? "The document has been changed or deleted since." : answer.error.message;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "source-panel": SourcePanelElement;
  }
}
