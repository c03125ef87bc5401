/**
 * What we are still trying to say. `acknowledged` entries are kept until the record holds them: should the log lose them
 * with its epoch, we are the ones who can say them again.
 */
export interface Unsent {
  room_id: string;
  client_id: string;
  body: string;
  at: string;
  user_id: string;
  /** It is for the assistant. What was kept before there was one has no such field. */
  ask?: boolean;
  acknowledged: { epoch: string; seq: number } | null;
}

/** Where the outbox survives a reload. */
export interface OutboxStorage {
  all(userId: string): Promise<Unsent[]>;
  put(entry: Unsent): Promise<void>;
  delete(clientId: string): Promise<void>;
}

const STORE = "outbox";

export class IndexedDbOutbox implements OutboxStorage {
  #opening: Promise<IDBDatabase> | undefined;

  constructor(private readonly name = "chat") {}

  /** In the order they were written: the keys are UUIDv7. */
  async all(userId: string): Promise<Unsent[]> {
    const entries = (await this.#run("readonly", (store) => store.getAll())) as Unsent[];
    return entries.filter((entry) => entry.user_id === userId);
  }

  async put(entry: Unsent): Promise<void> {
    await this.#run("readwrite", (store) => store.put(entry));
  }

  async delete(clientId: string): Promise<void> {
    await this.#run("readwrite", (store) => store.delete(clientId));
  }

  async #run(mode: IDBTransactionMode, what: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
    const database = await this.#open();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = what(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  #open(): Promise<IDBDatabase> {
    this.#opening ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(this.name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "client_id" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    return this.#opening;
  }
}
