import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Line } from "../stores/room-store.js";

const SLOW_MS = 5_000;

/** A message that is not through after five seconds says so. */
export class SlowSending implements ReactiveController {
  /** Changes when a line may have become slow. */
  version = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
  }

  isSlow(line: Line): boolean {
    return line.status === "sending" && Date.now() - Date.parse(line.at) > SLOW_MS;
  }

  /** Look again in five seconds, if the newest of them is on its way. */
  watch(lines: readonly Line[]): void {
    clearTimeout(this.#timer);
    if (lines.findLast((line) => !line.reply)?.status !== "sending") return;
    this.#timer = setTimeout(() => {
      this.version += 1;
      this.host.requestUpdate();
    }, SLOW_MS + 50);
  }
}
