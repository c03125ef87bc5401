import type { ReactiveController, ReactiveControllerHost } from "lit";

const LONG_PRESS_MS = 500;

/** One stop for Tab among the messages; the arrows walk, and on touch, where there is no hover, a long press focuses. */
export class RowFocus implements ReactiveController {
  /** Of the row that Tab reaches, once one has been there. */
  key: string | null = null;
  #pressTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly host: ReactiveControllerHost & HTMLElement) {
    host.addController(this);
    host.addEventListener("keydown", this.#walked);
    host.addEventListener("focusin", this.#focused);
    host.addEventListener("pointerdown", this.#pressed);
    for (const end of ["pointerup", "pointercancel", "pointermove"]) host.addEventListener(end, this.#released);
  }

  hostDisconnected(): void {
    this.#released();
  }

  #focused = (event: FocusEvent): void => {
    const key = rowOf(event)?.dataset["key"];
    if (!key || key === this.key) return;
    this.key = key;
    this.host.requestUpdate();
  };

  #walked = (event: KeyboardEvent): void => {
    const here = rowOf(event);
    if (!here || event.target !== here || event.altKey) return;
    const rows = [...this.host.querySelectorAll<HTMLElement>(".message")];
    const index = rows.indexOf(here);
    const next = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    rows[Math.max(0, next)]?.focus({ preventScroll: true });
    rows[Math.max(0, next)]?.scrollIntoView({ block: "nearest" });
  };

  #pressed = (event: PointerEvent): void => {
    if (event.pointerType !== "touch") return;
    const row = rowOf(event);
    this.#pressTimer = setTimeout(() => row?.focus({ preventScroll: true }), LONG_PRESS_MS);
  };

  #released = (): void => clearTimeout(this.#pressTimer);
}

function rowOf(event: Event): HTMLElement | null {
  return (event.target as Element).closest<HTMLElement>(".message");
}
