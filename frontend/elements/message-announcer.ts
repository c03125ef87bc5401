import { html, type TemplateResult } from "lit";
import { LightElement } from "./light-element.js";

const GATHER_MS = 1_000;
const READ_OUT = 3;

/**
 * <message-announcer> — tells a screen reader what others have just said, in batches, apart from the list: the list is
 * history, and history is never read out.
 */
export class MessageAnnouncerElement extends LightElement {
  static override properties = { words: { state: true } };

  words = "";
  #gathered: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  announce(author: string, body: string): void {
    this.#gathered.push(`${author}: ${body}`);
    this.#timer ??= setTimeout(() => this.#say(), GATHER_MS);
  }

  protected override render(): TemplateResult {
    return html`<div class="visually-hidden" aria-live="polite" aria-atomic="true">${this.words}</div>`;
  }

  #say(): void {
    const said = this.#gathered.splice(0);
    this.#timer = undefined;
    this.words = said.length <= READ_OUT ? said.join("\n") : `${said.length} new messages`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "message-announcer": MessageAnnouncerElement;
  }
}
