import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Connection } from "../connection.js";

const MENTION_AFTER_MS = 1_000;
const OFFLINE_AFTER_MS = 5_000;

/** What to say of the connection. A blink is not worth a word: said after a second, and by a banner after five. */
export class ConnectionNotice implements ReactiveController {
  words = "";
  offline = false;
  #offlineTimer: ReturnType<typeof setTimeout> | undefined;
  #wordsTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostDisconnected(): void {
    this.#forget();
  }

  watch(connection: Connection): void {
    connection.onState((state) => {
      this.#forget();
      if (state === "connected" || state === "ended") return this.#say("", false);
      const words = connection.restarting ? "Server restarting…" : "Reconnecting…";
      this.#wordsTimer = setTimeout(() => this.#say(words, this.offline), MENTION_AFTER_MS);
      if (state !== "stale") this.#offlineTimer = setTimeout(() => this.#say(this.words, true), OFFLINE_AFTER_MS);
    });
  }

  #say(words: string, offline: boolean): void {
    this.words = words;
    this.offline = offline;
    this.host.requestUpdate();
  }

  #forget(): void {
    clearTimeout(this.#offlineTimer);
    clearTimeout(this.#wordsTimer);
  }
}
