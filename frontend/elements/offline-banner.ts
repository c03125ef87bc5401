import { html, type TemplateResult } from "lit";

/** Lies over the conversation instead of pushing it down: coming and going it moves nothing. */
export function offlineBanner(): TemplateResult {
  return html`<p class="banner" role="status">You are offline. What you write is kept and sent when you are back.</p>`;
}
