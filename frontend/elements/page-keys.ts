import type { ReactiveController } from "lit";
import type { ChatAppElement } from "./chat-app.js";

/** The keys that mean something wherever the focus is; <keyboard-help> lists them for people. */
export class PageKeys implements ReactiveController {
  constructor(private readonly page: ChatAppElement) {
    page.addController(this);
  }

  hostConnected(): void {
    document.addEventListener("keydown", this.#pressed);
  }

  hostDisconnected(): void {
    document.removeEventListener("keydown", this.#pressed);
  }

  #pressed = (event: KeyboardEvent): void => {
    const { client, dialog, question } = this.page;
    if (!client || event.isComposing || client.state === "ended") return;
    const modal = dialog !== null || question !== null;
    const command = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (command && event.key.toLowerCase() === "k") this.#toggleSwitcher(event);
    else if (modal || event.defaultPrevented) return;
    else if (isSearch(event)) this.#search(event);
    else if (event.altKey && !event.ctrlKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) this.#step(event);
    else if (event.key === "?" && !inText(event.target)) this.page.ask("keys");
    else if (event.key === "Escape") this.#escape();
    else if (isLetter(event) && isNoControl(event.target)) this.page.querySelector("message-composer")?.focus();
  };

  #toggleSwitcher(event: KeyboardEvent): void {
    event.preventDefault();
    const { page } = this;
    if (page.dialog === "switch") page.querySelector("room-switcher")?.close();
    else if (page.dialog === null && page.question === null) page.ask("switch");
  }

  #search(event: KeyboardEvent): void {
    event.preventDefault();
    this.page.search();
  }

  /** The room above or below in the sidebar; with Shift the next one with something unread. */
  #step(event: KeyboardEvent): void {
    event.preventDefault();
    const { page } = this;
    const links = [...page.querySelectorAll<HTMLElement>(".room-link")].map((link) => link.dataset["room"]!);
    const way = event.key === "ArrowUp" ? -1 : 1;
    const here = page.roomId === null ? -1 : links.indexOf(page.roomId);
    for (let step = 1; step <= links.length; step++) {
      const id = links[(here + way * step + links.length * 2) % links.length]!;
      if (!event.shiftKey || page.client!.rooms.get(id)?.unread) return page.goTo(id);
    }
  }

  #escape(): void {
    const { page } = this;
    if (page.drawerOpen) page.drawerOpen = false;
    else if (page.panel && page.panelCovers) page.panel = null;
    else page.querySelector("chat-window")?.escape();
  }
}

/** With Shift: without it the browser looks for words on its page. */
function isSearch({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): boolean {
  return (ctrlKey || metaKey) && shiftKey && !altKey && key.toLowerCase() === "f";
}

function inText(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select");
}

/** What somebody begins to write while nothing has the focus goes where it was meant to go. */
function isLetter(event: KeyboardEvent): boolean {
  return event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
}

function isNoControl(target: EventTarget | null): boolean {
  return target === document.body || (target instanceof HTMLElement && target.matches(".message, message-list"));
}
