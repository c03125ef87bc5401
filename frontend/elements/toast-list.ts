import { html, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import closeIcon from "icon:x";
import { icon } from "./icon.js";
import { LightElement } from "./light-element.js";

interface Toast {
  id: number;
  words: string;
  kind: "note" | "problem";
}

const SHOWN_MS = { note: 3_000, problem: 8_000 };

/** <toast-list> — what happened a moment ago. Problems are read out at once, notes when there is a pause. */
export class ToastListElement extends LightElement {
  static override properties = { toasts: { state: true } };

  toasts: readonly Toast[] = [];
  #last = 0;

  show(words: string, kind: Toast["kind"] = "note"): void {
    const id = ++this.#last;
    this.toasts = [...this.toasts.filter((toast) => toast.words !== words), { id, words, kind }];
    setTimeout(() => this.#drop(id), SHOWN_MS[kind]);
  }

  protected override render(): TemplateResult {
    return html`<div class="toasts">
      ${repeat(
        this.toasts,
        (toast) => toast.id,
        ({ id, words, kind }) =>
          html`<div class="toast toast--${kind}" role=${kind === "problem" ? "alert" : "status"}>
            <span>${words}</span>
            <button type="button" class="icon-button icon-button--small" aria-label="Dismiss" @click=${() => this.#drop(id)}>
              ${icon(closeIcon, true)}
            </button>
          </div>`,
      )}
    </div>`;
  }

  #drop(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "toast-list": ToastListElement;
  }
}
