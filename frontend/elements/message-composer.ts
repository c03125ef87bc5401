import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import atIcon from "icon:at-sign";
import boldIcon from "icon:bold";
import closeIcon from "icon:x";
import codeIcon from "icon:code";
import italicIcon from "icon:italic";
import sendIcon from "icon:send-horizontal";
import stopIcon from "icon:square";
import { LONGEST_MESSAGE } from "../protocol.js";
import { icon } from "./icon.js";
import { LightElement } from "./light-element.js";
import { type Mentionable, mentionBegun, mentionChoices, mentionList } from "./mention-picker.js";

const QUIET_AFTER_MS = 3_000;
const COUNTED_BELOW = 100;
const LONGEST_BYTES = 20_000;
const LOWEST_PX = 44;
const TALLEST_PX = 200;

/**
 * <message-composer> — a box to write in, online or not.
 *
 * @fires message-composed  detail: the trimmed text; empty when a message was edited to nothing
 * @fires draft-changed     detail: what is in the box, unless a message is being edited
 * @fires typing            detail: true with each key, false after 3 s without one, or when the box is empty or sent
 * @fires stop-asked        no more of the answer that is being written
 * @fires edit-last         ↑ in an empty box
 * @fires edit-cancelled    Esc, or the button, while editing
 */
export class MessageComposerElement extends LightElement {
  static override properties = {
    draft: { attribute: false },
    editing: { attribute: false },
    people: { attribute: false },
    placeholder: { attribute: false },
    maxLength: { attribute: false },
    stoppable: { attribute: false },
    left: { state: true },
    blank: { state: true },
    choices: { state: true },
    chosen: { state: true },
  };

  draft = "";
  /** The text of the message being edited, else null. */
  editing: string | null = null;
  people: readonly Mentionable[] = [];
  placeholder = "Type a message…";
  maxLength = LONGEST_MESSAGE;
  /** An answer is on its way that one may stop. */
  stoppable = false;

  left = LONGEST_MESSAGE;
  blank = true;
  choices: readonly Mentionable[] = [];
  chosen = 0;

  #isTyping = false;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;

  get #box(): HTMLTextAreaElement {
    return this.querySelector("textarea")!;
  }

  override focus(): void {
    this.#box?.focus();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopTyping();
  }

  protected override render(): TemplateResult {
    const over = this.left < 0;
    return html`<form class="composer" @submit=${this.#submitted}>
      ${mentionList(this.choices, this.chosen, this.#take)}
      ${this.editing === null
        ? nothing
        : html`<div class="composer__editing">
            <span>Editing your message</span>
            <button type="button" class="icon-button icon-button--small" aria-label="Cancel editing" @click=${this.#cancel}>
              ${icon(closeIcon, true)}
            </button>
          </div>`}
      <textarea
        class="composer__box"
        rows="1"
        aria-label=${this.editing === null ? this.placeholder : "Edit your message"}
        aria-autocomplete="list"
        aria-controls=${this.choices.length ? "mention-choices" : nothing}
        aria-activedescendant=${this.choices.length ? `mention-${this.chosen}` : nothing}
        aria-describedby=${this.left < COUNTED_BELOW ? "composer-left" : nothing}
        placeholder=${this.placeholder}
        autocomplete="off"
        enterkeyhint="send"
        @input=${this.#written}
        @keydown=${this.#pressed}
        @blur=${this.#closeChoices}
      ></textarea>
      <div class="composer__bar">
        <div class="composer__tools" role="group" aria-label="Formatting">
          ${this.#tool("Bold", boldIcon, () => this.#wrap("**"))} ${this.#tool("Italic", italicIcon, () => this.#wrap("*"))}
          ${this.#tool("Code", codeIcon, () => this.#wrap("`"))}
          ${this.#tool("Mention somebody", atIcon, () => this.#insert("@"))}
        </div>
        ${this.left < COUNTED_BELOW
          ? html`<span id="composer-left" class=${over ? "composer__left composer__left--over" : "composer__left"}>
              ${over ? html`${-this.left} too many` : html`${this.left} left`}
            </span>`
          : nothing}
        ${this.stoppable
          ? html`<button
              type="button"
              class="icon-button composer__stop"
              aria-label="Stop answering"
              title="Stop answering (Esc)"
              @click=${() => this.fire("stop-asked")}
            >
              ${icon(stopIcon, true)}
            </button>`
          : nothing}
        <button
          type="submit"
          class="icon-button composer__send"
          aria-label=${this.editing === null ? "Send message" : "Save changes"}
          ?disabled=${(this.blank && this.editing === null) || over}
        >
          ${icon(sendIcon)}
        </button>
      </div>
      <p class="visually-hidden" role="alert">${over ? "The message is too long to be sent." : nothing}</p>
    </form>`;
  }

  #tool(label: string, drawing: Parameters<typeof icon>[0], use: () => void): TemplateResult {
    return html`<button type="button" class="icon-button icon-button--small" aria-label=${label} title=${label} @click=${use}>
      ${icon(drawing, true)}
    </button>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("editing")) {
      this.#fill(this.editing ?? this.draft);
      if (this.editing !== null) this.focus();
    } else if (changed.has("draft") && this.editing === null && this.#box.value !== this.draft) this.#fill(this.draft);
  }

  #fill(text: string): void {
    this.#box.value = text;
    this.#measure();
  }

  #measure(): void {
    const text = this.#box.value;
    const bytes = text.length > LONGEST_BYTES / 4 ? new TextEncoder().encode(text).length : 0;
    this.left = Math.min(this.maxLength - [...text].length, bytes > LONGEST_BYTES ? LONGEST_BYTES - bytes : Infinity);
    this.blank = !text.trim();
    this.#grow();
  }

  /** As tall as the text, from one line to 200 px; then it scrolls. */
  #grow(): void {
    const box = this.#box;
    box.style.height = `${LOWEST_PX}px`;
    box.style.height = `${Math.min(TALLEST_PX, Math.max(LOWEST_PX, box.scrollHeight))}px`;
    box.style.overflowY = box.scrollHeight > TALLEST_PX ? "auto" : "hidden";
  }

  #written = (): void => {
    this.#measure();
    this.#offer();
    if (this.editing !== null) return;
    this.fire("draft-changed", this.#box.value);
    if (this.blank) this.#stopTyping();
    else this.#keepTyping();
  };

  #keepTyping(): void {
    this.#isTyping = true;
    this.fire("typing", true);
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => this.#stopTyping(), QUIET_AFTER_MS);
  }

  #stopTyping(): void {
    clearTimeout(this.#typingTimer);
    if (!this.#isTyping) return;
    this.#isTyping = false;
    this.fire("typing", false);
  }

  #pressed = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    if (this.choices.length && this.#choose(event)) return event.preventDefault();
    if (event.key === "Enter" && !event.shiftKey) this.#submitted(event);
    else if (event.key === "ArrowUp" && !event.altKey && !this.#box.value && this.editing === null) {
      event.preventDefault();
      this.fire("edit-last");
    } else if (event.key === "Escape" && this.editing !== null) {
      event.stopPropagation();
      this.#cancel();
    }
  };

  #submitted = (event: Event): void => {
    event.preventDefault();
    const text = this.#box.value.trim();
    const editing = this.editing !== null;
    if ((!text && !editing) || this.left < 0) return;
    this.#stopTyping();
    if (!editing) {
      this.#fill("");
      this.fire("draft-changed", "");
    }
    this.fire("message-composed", text);
  };

  #cancel = (): void => {
    this.fire("edit-cancelled");
    this.focus();
  };

  // ---- mentions ----

  #offer(): void {
    const box = this.#box;
    const begun = mentionBegun(box.value.slice(0, box.selectionEnd));
    this.choices = begun === null ? [] : mentionChoices(this.people, begun);
    this.chosen = 0;
  }

  #closeChoices = (): void => {
    this.choices = [];
  };

  /** True when the key was meant for the list of people. */
  #choose(event: KeyboardEvent): boolean {
    const count = this.choices.length;
    if (event.key === "ArrowDown") this.chosen = (this.chosen + 1) % count;
    else if (event.key === "ArrowUp") this.chosen = (this.chosen + count - 1) % count;
    else if (event.key === "Enter" || event.key === "Tab") this.#take(this.choices[this.chosen]!);
    else if (event.key === "Escape") {
      event.stopPropagation();
      this.#closeChoices();
    } else return false;
    return true;
  }

  #take = (who: Mentionable): void => {
    const box = this.#box;
    const before = box.value.slice(0, box.selectionEnd);
    const from = before.length - (mentionBegun(before) ?? "").length;
    box.setRangeText(`${who.name} `, from, box.selectionEnd, "end");
    this.#closeChoices();
    this.#written();
    this.#closeChoices();
  };

  // ---- formatting ----

  #wrap(mark: string): void {
    const box = this.#box;
    const { selectionStart: from, selectionEnd: to } = box;
    box.setRangeText(`${mark}${box.value.slice(from, to)}${mark}`, from, to, "preserve");
    box.focus();
    box.setSelectionRange(from + mark.length, to + mark.length);
    this.#written();
  }

  #insert(text: string): void {
    const box = this.#box;
    const before = box.value.slice(0, box.selectionEnd);
    const space = before && !/\s$/.test(before) ? " " : "";
    box.focus();
    box.setRangeText(space + text, box.selectionStart, box.selectionEnd, "end");
    this.#written();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "message-composer": MessageComposerElement;
  }
}
