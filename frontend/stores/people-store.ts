import type { Connection } from "../connection.js";
import type { Page, Person, Presence } from "../protocol.js";

const LOADED_AT_START = 1000;

/** The workspace's people and whether they are there. Asks for a stranger once, by id. Fires `change`. */
export class PeopleStore extends EventTarget {
  /** Another number whenever somebody is called otherwise than before. */
  namesVersion = 0;
  readonly #people = new Map<string, Person>();
  readonly #asked = new Set<string>();
  #assistantId = "";
  #announcing = false;

  /** The assistant's id is known before it is met: in a large workspace it may not be among those loaded at the start. */
  constructor(
    private readonly connection: Connection,
    private readonly workspaceId: string,
  ) {
    super();
    connection.on("presence:changed", ({ user_id, state }) => this.setPresence({ [user_id]: state }));
    connection.on("person:changed", (person) => {
      const presence = this.#people.get(person.id)?.presence ?? "offline";
      this.#keep({ ...person, presence });
    });
    connection.onConnect(() => void this.load());
  }

  get all(): Person[] {
    return [...this.#people.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  /** The workspace's assistant, once we have heard of it. */
  get assistant(): Person | undefined {
    return this.#people.get(this.#assistantId);
  }

  isAssistant(id: string): boolean {
    return id !== "" && id === this.#assistantId;
  }

  get(id: string): Person | undefined {
    const person = this.#people.get(id);
    if (!person) void this.#meet(id);
    return person;
  }

  name(id: string): string {
    return this.get(id)?.name ?? "…";
  }

  presence(id: string): Presence {
    return this.#people.get(id)?.presence ?? "offline";
  }

  /** Who is there, of the whole workspace. */
  get online(): Set<string> {
    return new Set([...this.#people.values()].filter((each) => each.presence !== "offline").map((each) => each.id));
  }

  setPresence(states: Record<string, Presence>): void {
    for (const [id, presence] of Object.entries(states)) {
      const person = this.#people.get(id);
      if (person && person.presence !== presence) this.#keep({ ...person, presence });
    }
  }

  keep(people: Iterable<Person>): void {
    for (const person of people) this.#keep(person);
  }

  /** Presence goes stale while we are away, so this happens on each connection. */
  async load(): Promise<void> {
    for (let cursor: string | null = "", left = LOADED_AT_START; cursor !== null && left > 0; ) {
      const path: string = `/people${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ""}`;
      const answer = await this.connection.call<Page<Person>>("GET", path);
      if (!answer.ok) return;
      this.keep(answer.data.items);
      left -= answer.data.items.length || left;
      cursor = answer.data.next;
      if (left <= 0 && cursor !== null && !this.assistant) void this.#meet(`assistant-${this.workspaceId}`);
    }
  }

  async search(text: string): Promise<Person[]> {
    const answer = await this.connection.call<Page<Person>>("GET", `/people?q=${encodeURIComponent(text)}`);
    if (!answer.ok) return [];
    this.keep(answer.data.items);
    return answer.data.items;
  }

  async #meet(id: string): Promise<void> {
    if (this.#asked.has(id)) return;
    this.#asked.add(id);
    const answer = await this.connection.call<Person>("GET", `/people/${id}`);
    if (answer.ok) this.#keep(answer.data);
    else if (answer.error.retryable) this.#asked.delete(id);
  }

  #keep(person: Person): void {
    if (this.#people.get(person.id)?.name !== person.name) this.namesVersion += 1;
    this.#people.set(person.id, person);
    if (person.role === "assistant") this.#assistantId = person.id;
    if (this.#announcing) return;
    this.#announcing = true;
    queueMicrotask(() => {
      this.#announcing = false;
      this.dispatchEvent(new Event("change"));
    });
  }
}
