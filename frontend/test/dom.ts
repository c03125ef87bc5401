/** Import this first: a document for the elements, before anything asks for one. */
import { Window } from "happy-dom";

const window = new Window({ url: "https://chat.example/rooms/lobby", width: 1200, height: 800 });

const names = [
  "document", "customElements", "HTMLElement", "Element", "Node", "Event", "EventTarget", "CustomEvent", "KeyboardEvent", "MouseEvent",
  "ShadowRoot", "CSSStyleSheet", "Document", "DocumentFragment", "MutationObserver", "ResizeObserver", "HTMLDialogElement",
  "location", "history", "localStorage", "FormData", "Comment", "Text", "NodeFilter", "matchMedia", "SubmitEvent",
] as const; // prettier-ignore
for (const name of names)
  Object.defineProperty(globalThis, name, { value: (window as unknown as Record<string, unknown>)[name], configurable: true, writable: true });
Object.assign(globalThis, { window });

/** The element on the page, drawn. */
export async function mount<T extends HTMLElement & { updateComplete: Promise<unknown> }>(
  name: string,
  properties: Partial<T> = {},
): Promise<T> {
  const element = document.createElement(name) as T;
  Object.assign(element, properties);
  document.body.append(element);
  await element.updateComplete;
  return element;
}

export function press(target: Element, key: string, init: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init });
  target.dispatchEvent(event);
  return event;
}

/** Every detail of an event of that name, from now on. */
export function heard(target: EventTarget, name: string): unknown[] {
  const details: unknown[] = [];
  target.addEventListener(name, (event) => details.push((event as CustomEvent).detail));
  return details;
}
