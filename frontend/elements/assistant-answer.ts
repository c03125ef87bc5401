import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import alertIcon from "icon:circle-alert";
import copyIcon from "icon:copy";
import retryIcon from "icon:rotate-ccw";
import stopIcon from "icon:square";
import stoppedIcon from "icon:circle-stop";
import trashIcon from "icon:trash-2";
import type { Answering, Source } from "../protocol.js";
import type { Line } from "../stores/room-store.js";
import type { Reply } from "../stores/replies-store.js";
import { answerMeta } from "./answer-meta.js";
import { type Block, GrowingMarkdown } from "./growing-markdown.js";
import { icon } from "./icon.js";
import { LightElement } from "./light-element.js";
import { answerBlock, type Piece } from "./markdown.js";
import { sourceList } from "./source-list.js";

/**
 * <assistant-answer> — what the assistant says to one question: while it is waited for, while it is written, and for good.
 * It is the same element all the while, and a block that is finished is never drawn again.
 *
 * Buttons carry `data-action` (stop, ask-again, copy, remove): the list of messages listens for all of them.
 *
 * @fires source-asked  detail: the Source
 */
export class AssistantAnswerElement extends LightElement {
  static override properties = {
    line: { attribute: false },
    own: { attribute: false },
    stoppable: { attribute: false },
    repeatable: { attribute: false },
    removable: { attribute: false },
  };

  line!: Line;
  /** The reader is the one who asked. */
  own = false;
  stoppable = false;
  repeatable = false;
  removable = false;

  readonly #markdown = new GrowingMarkdown();
  #heard: Reply | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listen(this.line?.reply ?? null);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listen(null);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("line")) this.#listen(this.line.reply ?? null);
  }

  protected override render(): TemplateResult {
    const { run, reply } = this.line;
    const text = reply ? reply.text : this.line.body;
    const isWritten = reply !== undefined && !reply.ended;
    return html`<div class=${isWritten ? "answer answer--live" : "answer"} aria-busy=${isWritten}>
      <div class="prose answer__text" @click=${this.#clicked}>${this.#blocks(text)}</div>
      ${reply ? this.#progress(reply) : nothing}${run ? this.#outcome(run) : nothing}
      ${run?.sources.length ? sourceList(run.sources, this.#open) : nothing} ${this.#foot()}
    </div>`;
  }

  #blocks(text: string): unknown {
    const sources = this.line.run?.sources ?? null;
    return repeat(
      this.#markdown.read(text),
      (_, index) => index,
      (block) => guard([block.token, isCited(block) && sources], () => answerBlock(block.token, (n) => citation(n, sources))),
    );
  }

  #progress(reply: Reply): TemplateResult {
    if (reply.state === "waiting") {
      const place = this.line.place ?? 0;
      return html`<p class="answer__state">${place ? `Waiting · ${place} before ${this.own ? "you" : "this"}` : dots("Thinking…")}</p>`;
    }
    return reply.text || reply.ended ? html`` : html`<p class="answer__state">${dots("Thinking…")}</p>`;
  }

  #outcome(run: Answering): TemplateResult | typeof nothing {
    if (run.outcome === "stopped")
      return html`<p class="answer__state">${icon(stoppedIcon, true)}<span>Stopped${this.line.body ? "" : " before the first word"}.</span></p>`;
    if (run.outcome !== "failed") return nothing;
    return html`<p class="answer__state answer__state--failed">
      ${icon(alertIcon, true)}<span>${run.error?.message ?? "The answer could not be written."}</span>
      ${this.repeatable ? html`<button type="button" class="link-button" data-action="ask-again">Try again</button>` : nothing}
    </p>`;
  }

  #foot(): TemplateResult | typeof nothing {
    const { run, reply } = this.line;
    if (reply)
      return this.stoppable && !reply.ended
        ? html`<div class="answer__foot">
            <button type="button" class="button button--small" data-action="stop">${reply.state === "waiting" ? "Do not answer" : html`${icon(stopIcon, true)}Stop`}</button>
          </div>`
        : nothing;
    return html`<div class="answer__foot">
      ${run ? answerMeta(run) : nothing}
      <span class="answer__actions">
        ${this.line.body ? tool("copy", "Copy answer", copyIcon) : nothing}
        ${this.repeatable && run?.outcome !== "failed" ? tool("ask-again", "Answer again", retryIcon) : nothing}
        ${this.removable ? tool("remove", "Remove answer", trashIcon) : nothing}
      </span>
    </div>`;
  }

  #listen(reply: Reply | null): void {
    if (reply === this.#heard) return;
    this.#heard?.removeEventListener("grew", this.#grew);
    this.#heard = reply;
    reply?.addEventListener("grew", this.#grew);
  }

  #grew = (): void => this.requestUpdate();

  #open = (source: Source): void => this.fire("source-asked", source);

  #clicked = (event: Event): void => {
    const cited = (event.target as Element).closest<HTMLElement>("[data-source]")?.dataset["source"];
    const source = this.line.run?.sources.find(({ n }) => String(n) === cited);
    if (source) this.#open(source);
  };
}

function isCited({ token }: Block): boolean {
  return /\[\d/.test(token.raw);
}

/** While it is written nobody knows the sources yet: a mark of the same size stands there, so that nothing moves later. */
function citation(n: number, sources: readonly Source[] | null): Piece | null {
  if (!sources) return html`<span class="cite">${n}</span>`;
  const source = sources.find((each) => each.n === n);
  if (!source) return null;
  return html`<button type="button" class="cite" data-source=${n} title=${source.title} aria-label=${`Source ${n}: ${source.title}`}>${n}</button>`;
}

function dots(words: string): TemplateResult {
  return html`<span class="typing__dots" aria-hidden="true"><i></i><i></i><i></i></span><span>${words}</span>`;
}

function tool(name: string, label: string, drawing: Parameters<typeof icon>[0]): TemplateResult {
  return html`<button type="button" class="icon-button icon-button--small" data-action=${name} aria-label=${label} title=${label}>
    ${icon(drawing, true)}
  </button>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "assistant-answer": AssistantAnswerElement;
  }
}
