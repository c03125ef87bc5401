import type { HistoryPage, Message } from "../protocol.js";
import { changed, type Change } from "./timeline.js";

/**
 * A piece of a room's past that is shown by itself: between it and what is loaded of the newest there are messages that
 * are not. It grows at both ends, until it meets them.
 */
export class Stretch {
  messages: readonly Message[];
  hasBefore: boolean;
  readonly epoch: string;

  constructor(page: HistoryPage) {
    this.messages = page.messages;
    this.hasBefore = page.has_before;
    this.epoch = page.epoch;
  }

  get oldestSeq(): number {
    return this.messages[0]!.seq;
  }

  get newestSeq(): number {
    return this.messages.at(-1)!.seq;
  }

  prepend(page: HistoryPage): void {
    const before = this.oldestSeq;
    this.messages = [...page.messages.filter((message) => message.seq < before), ...this.messages];
    this.hasBefore = page.has_before;
  }

  append(page: HistoryPage): void {
    const after = this.newestSeq;
    this.messages = [...this.messages, ...page.messages.filter((message) => message.seq > after)];
  }

  change(event: Change): void {
    const index = this.messages.findIndex((message) => message.id === event.data.message_id);
    if (index >= 0) this.messages = this.messages.with(index, changed(this.messages[index]!, event));
  }
}
