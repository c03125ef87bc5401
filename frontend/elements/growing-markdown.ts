import type { Token } from "marked";
import { answerBlocks } from "./markdown.js";

export interface Block {
  token: Token;
  /** Where it ends in the text. */
  end: number;
}

/**
 * Reads a text that grows. A block that another one follows is finished: it is the same object ever after, whatever
 * comes, so that what stands on the page is neither drawn nor moved again. Of a text that is not the former one grown,
 * the blocks before the first difference stay.
 */
export class GrowingMarkdown {
  #text = "";
  #finished: Block[] = [];

  read(text: string): readonly Block[] {
    const whole = text.replace(/\r\n?/g, "\n");
    const isSame = ({ end }: Block) => whole.startsWith(this.#text.slice(0, end));
    if (!whole.startsWith(this.#text)) this.#finished = this.#finished.filter(isSame);
    this.#text = whole;
    const open = this.#blocksAfter(this.#finished.at(-1)?.end ?? 0);
    this.#finished.push(...open.slice(0, -1));
    return [...this.#finished, ...open.slice(-1)];
  }

  /** Blank lines belong to the block before them, and are no block. */
  #blocksAfter(start: number): Block[] {
    const found: Block[] = [];
    let end = start;
    for (const token of answerBlocks(this.#text.slice(start))) {
      end += token.raw.length;
      if (token.type !== "space") found.push({ token, end });
      else if (found.length) found.at(-1)!.end = end;
    }
    return found;
  }
}
