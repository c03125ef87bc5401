/** Rows drawn at first, and how many more each time one comes near an end of them. */
const STEP = 80;
/** Rows drawn at most: a history of 10 000 is a window of these, moved along as one scrolls. */
const MOST = 400;

/** Which of the lines are drawn: a stretch that ends at the newest, or, when one is far above, before it. */
export class DrawnRows {
  #count = STEP;
  /** How many of the newest are not drawn. */
  #below = 0;

  get endsAtNewest(): boolean {
    return !this.#below;
  }

  of<T>(lines: readonly T[]): readonly T[] {
    const end = lines.length - this.#below;
    return lines.slice(Math.max(0, end - this.#count), end);
  }

  newest(): void {
    this.#count = STEP;
    this.#below = 0;
  }

  /** What was drawn stays drawn, though there are that many more lines above it and below it, `lines` in all. */
  keep(above: number, below: number, lines: number): void {
    this.#grow(above);
    if (this.#below) this.#below = Math.min(this.#below + below, Math.max(0, lines - STEP));
    else this.#add(below);
  }

  /** Draw further up; false when everything above is drawn. */
  up(lines: number): boolean {
    const above = lines - this.#below - this.#count;
    if (above > 0) this.#grow(Math.min(STEP, above));
    return above > 0;
  }

  /** Draw further down; false when the newest is drawn. */
  down(): boolean {
    const count = Math.min(STEP, this.#below);
    this.#below -= count;
    this.#count = Math.min(MOST, this.#count + count);
    return count > 0;
  }

  /** Draw what stands around the line of that index. */
  around(index: number, lines: number): void {
    this.#below = Math.max(0, lines - index - STEP);
    this.#count = Math.min(MOST, lines - this.#below);
  }

  /** Below; what would be too much is drawn when one comes there. */
  #add(count: number): void {
    const drawn = Math.min(count, Math.max(0, MOST - this.#count));
    this.#count += drawn;
    this.#below += count - drawn;
  }

  #grow(count: number): void {
    this.#count += count;
    const tooMany = Math.max(0, this.#count - MOST);
    this.#count -= tooMany;
    this.#below += tooMany;
  }
}
