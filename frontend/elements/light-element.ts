import { LitElement } from "lit";

/** Elements render into the page itself: one sheet of tokens and classes dresses them and the server's pages alike. */
export class LightElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected fire<T>(name: string, detail?: T): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}
