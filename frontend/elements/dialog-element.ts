import { html, nothing, type TemplateResult } from "lit";
import closeIcon from "icon:x";
import type { ChatClient } from "../chat-client.js";
import type { Answer, Failure } from "../protocol.js";
import { icon } from "./icon.js";
import { LightElement } from "./light-element.js";

/**
 * What all dialogs share: a native modal one, which keeps the focus inside, closes on Esc and gives the focus back.
 * The heading names it.
 *
 * @fires dialog-closed
 * @fires room-chosen    detail: the id of a room to go to
 */
export abstract class DialogElement extends LightElement {
  static override properties = {
    client: { attribute: false },
    problem: { state: true },
    busy: { state: true },
  };

  client!: ChatClient;
  problem = "";
  busy = false;

  protected abstract readonly heading: string;
  protected abstract body(): TemplateResult;

  protected override render(): TemplateResult {
    return html`<dialog class="dialog" aria-labelledby="dialog-title" @close=${this.#closed} @click=${this.#beside}>
      <header class="dialog__head">
        <h2 id="dialog-title">${this.heading}</h2>
        <button type="button" class="icon-button" aria-label="Close" @click=${this.close}>${icon(closeIcon)}</button>
      </header>
      ${this.problem ? html`<p class="notice notice--danger dialog__problem" role="alert">${this.problem}</p>` : nothing}
      ${this.body()}
    </dialog>`;
  }

  protected override firstUpdated(): void {
    this.querySelector("dialog")?.showModal();
    this.querySelector<HTMLElement>("[data-first]")?.focus();
  }

  close = (): void => this.querySelector("dialog")?.close();

  /** Ask, say what went wrong, close when it went well. */
  protected async attempt<T>(asked: Promise<Answer<T>>, then: (data: T) => void = () => {}): Promise<void> {
    this.busy = true;
    const answer = await asked;
    this.busy = false;
    this.problem = answer.ok ? "" : whatWentWrong(answer.error);
    if (!answer.ok) return;
    this.close();
    then(answer.data);
  }

  protected goTo(roomId: string): void {
    this.close();
    this.fire("room-chosen", roomId);
  }

  #closed = (): void => this.fire("dialog-closed");

  #beside = (event: MouseEvent): void => {
    if (event.target === event.currentTarget) this.close();
  };
}

/** In a sentence. What the server says of single fields is the better one: the forms here have few of them. */
export function whatWentWrong({ code, message, details }: Failure): string {
  if (code !== "invalid_payload" && code !== "conflict") return message; // whose details are no sentences
  const reasons = new Set(Object.values(details ?? {}).flat().map(String));
  return reasons.size ? [...reasons].join(" ") : message;
}
