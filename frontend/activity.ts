import type { ChatClient } from "./chat-client.js";

const AWAY_AFTER_MS = 5 * 60_000;
const SLEPT_MS = 60_000;

/** Tell the client when the person is there, and when a tab comes back that was out of sight for a minute. */
export function watchActivity(client: ChatClient): void {
  let hiddenSince = 0;
  let away = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const become = (state: "active" | "away"): void => {
    if (away === (state === "away")) return;
    away = state === "away";
    client.setPresence(state);
  };
  const stir = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => become("away"), AWAY_AFTER_MS);
    become("active");
  };

  for (const sign of ["pointerdown", "keydown", "wheel", "focus"]) addEventListener(sign, stir, { passive: true });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") return void (hiddenSince = Date.now());
    stir();
    if (hiddenSince && Date.now() - hiddenSince >= SLEPT_MS) client.wake();
  });
  client.connection.onConnect(() => away && client.setPresence("away"));
  stir();
}
