const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

export const RUN_MS = 5 * MINUTE_MS;

/** Times are written as the person's own language writes them; made once, because making a format is slow. */
export class Clock {
  readonly #time: Intl.DateTimeFormat;
  readonly #dateAndTime: Intl.DateTimeFormat;
  readonly #full: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #dayAndYear: Intl.DateTimeFormat;
  readonly #dayKeys = new Map<number, string>();

  constructor(
    locale?: string,
    private readonly now: () => Date = () => new Date(),
    timeZone?: string,
  ) {
    const zone = timeZone ? { timeZone } : {};
    this.#time = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", ...zone });
    this.#dateAndTime = new Intl.DateTimeFormat(locale, {
      month: "short",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      ...zone,
    });
    this.#full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short", ...zone });
    this.#day = new Intl.DateTimeFormat(locale, { weekday: "long", month: "long", day: "numeric", ...zone });
    this.#dayAndYear = new Intl.DateTimeFormat(locale, { dateStyle: "long", ...zone });
  }

  /** Today "03:21 PM", before "Nov 22, 03:21 PM". */
  at(date: Date): string {
    return this.sameDay(date, this.now()) ? this.#time.format(date) : this.#dateAndTime.format(date);
  }

  time(date: Date): string {
    return this.#time.format(date);
  }

  full(date: Date): string {
    return this.#full.format(date);
  }

  day(date: Date): string {
    const now = this.now();
    if (this.sameDay(date, now)) return "Today";
    if (this.sameDay(date, new Date(now.getTime() - DAY_MS))) return "Yesterday";
    return date.getFullYear() === now.getFullYear() ? this.#day.format(date) : this.#dayAndYear.format(date);
  }

  /** Names a day. Asked for every message drawn, so kept: no day begins but at a quarter of an hour. */
  dayKey(date: Date): string {
    const quarter = Math.floor(date.getTime() / QUARTER_MS);
    let key = this.#dayKeys.get(quarter);
    if (key === undefined) this.#dayKeys.set(quarter, (key = this.#dayAndYear.format(date)));
    return key;
  }

  sameDay(a: Date, b: Date): boolean {
    return this.dayKey(a) === this.dayKey(b);
  }
}
