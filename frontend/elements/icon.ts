import { html, type SVGTemplateResult, type TemplateResult } from "lit";

/** An icon is decoration: the control it stands in carries the name. */
export function icon(drawing: SVGTemplateResult, small = false): TemplateResult {
  return html`<svg class=${small ? "icon icon--small" : "icon"} viewBox="0 0 24 24" aria-hidden="true">${drawing}</svg>`;
}
