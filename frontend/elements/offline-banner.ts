import { html, type TemplateResult } from "lit";

/** Lies over the conversation instead of pushing it down: coming and going it moves nothing. */
export function offlineBanner(restarting: boolean): TemplateResult {
  const [what, when] = restarting ? ["The server is restarting", "it is back"] : ["You are offline", "you are back"];
  return html`<p class="banner" role="status">${what}. What you write is kept and sent when ${when}.</p>`;
}
