import { html, nothing, type TemplateResult } from "lit";
import type { Answering } from "../protocol.js";
import { dollars } from "./money.js";

const LIBRARIAN = "librarian";

/** Who answered, how much was read and written, how long it took and what it cost. Each of these stays on one line. */
export function answerMeta(run: Answering): TemplateResult | typeof nothing {
  if (run.outcome === "failed" && !run.input_tokens && !run.output_tokens) return nothing; // nothing was used
  const said = [...(run.provider === LIBRARIAN ? ["No model configured: quoted, not written"] : byModel(run)), seconds(run)];
  return html`<span class="answer__meta">${said.filter(Boolean).map((each, index) => html`${index ? " · " : nothing}<span>${each}</span>`)}</span>`;
}

function byModel(run: Answering): string[] {
  const { input_tokens: read, output_tokens: written } = run;
  const tokens = read === null && written === null ? "" : `${count(read)} + ${count(written)} tokens`;
  const cost = run.cost === null ? (run.model ? "cost unknown" : "") : dollars(run.cost);
  return [run.model ?? "", tokens, cost];
}

function seconds({ seconds }: Answering): string {
  if (seconds === null) return "";
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}

function count(tokens: number | null): string {
  return tokens === null ? "?" : tokens.toLocaleString();
}
