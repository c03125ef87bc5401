import { html, type TemplateResult } from "lit";
import emptyIcon from "icon:messages-square";
import endedIcon from "icon:log-in";
import type { Ending } from "../protocol.js";
import { icon } from "./icon.js";

const ENDED: Record<Ending, string> = {
  not_signed_in: "Your session has ended. Sign in again to go on.",
  signed_out: "You signed out in another tab or on another device.",
  revoked: "This session was ended from another device.",
  expired: "You were signed in for as long as a session lasts. Sign in again to go on.",
  disabled: "Your account has been closed by an administrator.",
  password_changed: "Your password was changed, so every other session has ended.",
};

/** Nobody answered who we are. */
export function couldNotStart(): TemplateResult {
  return html`<div class="state state--page">
    ${icon(emptyIcon)}
    <h1>The chat could not be reached</h1>
    <p>The server did not answer. Check your connection, or try again in a moment.</p>
    <button type="button" class="button button--primary" @click=${() => location.reload()}>Try again</button>
  </div>`;
}

export function loadingRooms(): TemplateResult {
  return html`<div class="skeleton skeleton--messages" role="status">
    <span class="visually-hidden">Loading rooms</span><i></i><i></i><i></i><i></i><i></i>
  </div>`;
}

/** Somebody who is in no room. */
export function welcome(workspace: string, ask: (dialog: "browse" | "new-room") => void): TemplateResult {
  return html`<div class="state">
    ${icon(emptyIcon)}
    <h1>Welcome to ${workspace}</h1>
    <p>You are in no room yet. Look at those there are, or make the first one.</p>
    <div class="row">
      <button type="button" class="button button--primary" @click=${() => ask("browse")}>Browse rooms</button>
      <button type="button" class="button" @click=${() => ask("new-room")}>New room</button>
    </div>
  </div>`;
}

/** Lies over the page, which can no longer be used. */
export function sessionEnded(reason: Ending): TemplateResult {
  return html`<div class="ended" role="alertdialog" aria-modal="true" aria-labelledby="ended-title">
    <div class="state">
      ${icon(endedIcon)}
      <h2 id="ended-title">You are signed out</h2>
      <p>${ENDED[reason]} What you have not sent is kept on this device.</p>
      <a class="button button--primary" href="/sign-in">Sign in</a>
    </div>
  </div>`;
}
