import { watchActivity } from "./activity.js";
import { ChatClient } from "./chat-client.js";
import { SocketConnection } from "./connection.js";
import { defineElements } from "./elements/define.js";
import { call, csrfToken } from "./http.js";
import type { Me } from "./protocol.js";
import { IndexedDbOutbox } from "./stores/outbox-storage.js";

/** The page begins: who am I, then the connection, then the rooms. */
async function begin(): Promise<void> {
  defineElements();
  const app = document.querySelector("chat-app")!;
  app.csrf = csrfToken();
  const me = await call<Me>("GET", "/me");
  if (!me.ok) {
    if (me.error.code === "not_signed_in") location.assign("/sign-in");
    else app.failed = true;
    return;
  }
  const connection = new SocketConnection();
  const outboxStorage = new IndexedDbOutbox();
  const client = new ChatClient({ me: me.data, connection, outboxStorage, draftStorage: localStorage });
  app.begin(client);
  watchActivity(client);
  connection.open();
}

void begin();
