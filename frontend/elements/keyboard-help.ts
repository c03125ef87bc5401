import { html, type TemplateResult } from "lit";
import { DialogElement } from "./dialog-element.js";
import { MODIFIER } from "./room-sidebar.js";

const ALT = MODIFIER === "⌘" ? "⌥" : "Alt";

const KEYS: readonly [what: string, ...keys: string[][]][] = [
  ["Send", ["Enter"]],
  ["New line", ["Shift", "Enter"]],
  ["Edit your last message", ["↑"]],
  ["Cancel, close, stop the assistant, go to the latest", ["Esc"]],
  ["Go to a room or person", [MODIFIER, "K"]],
  ["Search messages", [MODIFIER, "Shift", "F"]],
  ["Room above or below", [ALT, "↑"], [ALT, "↓"]],
  ["Unread room above or below", [ALT, "Shift", "↑"], [ALT, "Shift", "↓"]],
  ["Walk through messages or rooms", ["↑"], ["↓"]],
  ["This list", ["?"]],
];

/** <keyboard-help> — every key the page listens to. */
export class KeyboardHelpElement extends DialogElement {
  protected readonly heading = "Keyboard shortcuts";

  protected override body(): TemplateResult {
    return html`<dl class="keys dialog__body">
      ${KEYS.map(
        ([what, ...combinations]) =>
          html`<div>
            <dt>${what}</dt>
            <dd>
              ${combinations.map((keys) => html`<span class="keys__combination">${keys.map((key) => html`<kbd>${key}</kbd>`)}</span>`)}
            </dd>
          </div>`,
      )}
    </dl>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "keyboard-help": KeyboardHelpElement;
  }
}
