import { html, type TemplateResult } from "lit";
import type { Answer } from "../protocol.js";
import { DialogElement } from "./dialog-element.js";

export interface Question {
  heading: string;
  words: string;
  action: string;
  do: () => Promise<Answer<unknown>>;
}

/** <confirm-dialog> — are you sure? Names what will happen on the button that makes it happen. */
export class ConfirmDialogElement extends DialogElement {
  static override properties = { ...DialogElement.properties, question: { attribute: false } };

  question!: Question;

  protected get heading(): string {
    return this.question.heading;
  }

  protected override body(): TemplateResult {
    return html`<div class="form dialog__body">
      <p>${this.question.words}</p>
      <footer class="row row--end">
        <button type="button" class="button" @click=${this.close}>Cancel</button>
        <button
          type="button"
          class="button button--danger"
          data-first
          ?disabled=${this.busy}
          @click=${() => this.attempt(this.question.do())}
        >
          ${this.question.action}
        </button>
      </footer>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "confirm-dialog": ConfirmDialogElement;
  }
}
