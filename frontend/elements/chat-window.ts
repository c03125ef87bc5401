import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import emptyIcon from "icon:messages-square";
import goneIcon from "icon:door-closed";
import type { ChatClient } from "../chat-client.js";
import type { Answer, Room } from "../protocol.js";
import type { Reply } from "../stores/replies-store.js";
import type { Line } from "../stores/room-store.js";
import { whatWentWrong } from "./dialog-element.js";
import { icon } from "./icon.js";
import { LightElement } from "./light-element.js";
import type { MessageComposerElement } from "./message-composer.js";
import type { MessageListElement } from "./message-list.js";
import { offlineBanner } from "./offline-banner.js";
import { roomName } from "./room-name.js";
import { roomStart } from "./room-start.js";
import { questionOf } from "./rows.js";
import { ShownLines } from "./shown-lines.js";

/** What is being answered stands at the end. */
const NO_REPLIES: readonly Reply[] = [];

interface MessageAction {
  action: "edit" | "remove" | "retry" | "discard" | "copied" | "stop" | "ask-again" | "show-question";
  line: Line;
}

/**
 * <chat-window> — one room: header, messages, composer. A new element for each room, so nothing of the last one stays.
 *
 * @fires dialog-asked, drawer-asked, members-asked   from the header
 * @fires told       detail: {words, problem}: for a toast
 * @fires confirm    detail: a Question
 */
export class ChatWindowElement extends LightElement {
  static override properties = {
    client: { attribute: false },
    roomId: { attribute: false },
    version: { attribute: false },
    connectionWords: { attribute: false },
    offline: { attribute: false },
    panelOpen: { attribute: false },
    led: { attribute: false },
    editing: { state: true },
  };

  client!: ChatClient;
  roomId!: string;
  version: unknown = null;
  connectionWords = "";
  offline = false;
  panelOpen = false;
  /** One is being led to a message: what comes into view on the way there is not read. */
  led = false;
  editing: Line | null = null;

  /** Where reading ended when the room was opened; undefined until that is known, null when there was nothing new. */
  #unreadAfter: number | null | undefined = undefined;
  readonly #shown = new ShownLines();
  #unreadCount = 0;
  #ready = false;
  #membersAsked = false;

  protected override willUpdate(): void {
    const room = this.#room;
    if (!room) return;
    if (this.#unreadAfter === undefined) {
      this.#unreadAfter = room.unread ? room.read_seq : null;
      this.#unreadCount = room.unread;
    }
    // What came while one looked elsewhere is marked for the return.
    const away = document.visibilityState === "hidden";
    if (this.#unreadAfter === null && room.unread && away) this.#unreadAfter = room.read_seq;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (this.client.replies.in(this.roomId).length)
      this.client.replies.forget(new Set(this.#lines.flatMap(({ run }) => (run ? [run.id] : []))));
    if (!this.#membersAsked && this.#room) {
      this.#membersAsked = true; // not before: of a room that is not ours the server knows nothing
      void this.client.members(this.roomId).load();
    }
    if (!this.#ready && this.#composer) {
      this.#ready = true;
      void this.#composer.updateComplete.then(() => this.focusComposer());
    }
    if (changed.get("led") && !this.led) this.#list?.tellSeen();
    if (!this.editing) return;
    const { id } = this.editing;
    if (this.client.messages.find((line) => line.id === id)?.removed_at) this.editing = null;
  }

  /** Not on touch: the keyboard would cover what one came to read. */
  focusComposer(): void {
    if (matchMedia("(hover: hover)").matches) this.#composer?.focus();
  }

  /** Esc with nothing to cancel: no more of an answer one asked for; else to the newest message, and ready to write. */
  escape(): void {
    if (this.#running) return this.#stop(this.#running.id);
    this.#list?.jumpToLatest();
    this.focusComposer();
  }

  /** The answer one asked for oneself, while it is on its way. */
  get #running(): Reply | undefined {
    const mine = (reply: Reply) => reply.askerId === this.client.me.id && !reply.ended;
    return this.client.replies.in(this.roomId).find(mine);
  }

  get #lines(): readonly Line[] {
    const { client } = this;
    const { lines, history } = client.roomStore(this.roomId);
    return this.#shown.of(lines, history.hasAfter ? NO_REPLIES : client.replies.in(this.roomId), client.people.assistant?.id ?? "");
  }

  /** That message, however far up it is; unless one goes elsewhere before it is there. */
  async show(seq: number): Promise<void> {
    const store = this.client.roomStore(this.roomId);
    const reached = await store.history.reach(seq);
    if (reached === null) return;
    this.requestUpdate();
    await this.updateComplete;
    const shown = reached && (await this.#list?.show(seq));
    if (!shown) this.fire("told", { words: "That message could not be loaded.", problem: true });
  }

  get #room(): Room | undefined {
    return this.client.rooms.get(this.roomId);
  }

  get #composer(): MessageComposerElement | null {
    return this.querySelector("message-composer");
  }

  get #list(): MessageListElement | null {
    return this.querySelector("message-list");
  }

  protected override render(): TemplateResult {
    const { client } = this;
    const store = client.roomStore(this.roomId);
    const gone = store.state === "gone" || (client.rooms.loaded && !this.#room && store.state !== "loading");
    return html`<room-header
        .room=${this.#room ?? null}
        .me=${client.me.id}
        .people=${client.people}
        .version=${this.version}
        .members=${client.members(this.roomId).all}
        .connection=${this.connectionWords}
        .panelOpen=${this.panelOpen}
        .elsewhereUnread=${client.rooms.all.some((room) => room.unread > 0 && room.id !== this.roomId)}
      ></room-header>
      ${this.offline ? offlineBanner(client.connection.restarting) : nothing}
      ${gone ? this.#gone() : this.#conversation()}`;
  }

  #conversation(): TemplateResult {
    const store = this.client.roomStore(this.roomId);
    const room = this.#room;
    if (!room || (store.state !== "ready" && !store.lines.length)) return this.#notYet(store.state === "failed");
    return html`${keyed(this.roomId, this.#messages(room))}${room.archived
      ? html`<p class="composer-note">This room is archived. It can be read, not written in.</p>`
      : this.#write(room)}`;
  }

  #messages(room: Room): TemplateResult {
    const { client } = this;
    const store = client.roomStore(this.roomId);
    return html`<message-list
      aria-label="Messages"
      role="region"
      .lines=${this.#lines}
      .currentUserId=${client.me.id}
      .nameOf=${this.#nameOf}
      .namesVersion=${client.people.namesVersion}
      .unreadAfter=${this.#unreadAfter ?? null}
      .unreadCount=${this.#unreadCount}
      .editingKey=${this.editing?.key ?? null}
      .canModerate=${room.role === "admin" || client.me.role !== "member"}
      .hasBefore=${store.history.hasBefore}
      .loadingOlder=${store.history.loadingOlder}
      .olderFailed=${store.history.olderFailed}
      .hasAfter=${store.history.hasAfter}
      .newest=${store.history.newest}
      .newerFailed=${store.history.newerFailed}
      .typing=${[...client.typing.in(this.roomId)].map(this.#nameOf)}
      .start=${roomStart(room, {
        empty: !store.lines.length,
        me: client.me.id,
        people: client.people,
        ask: (dialog) => this.fire("dialog-asked", dialog),
      })}
      @older-wanted=${() => store.history.older()}
      @newer-wanted=${() => store.history.newer()}
      @latest-wanted=${() => store.history.latest()}
      @unread-wanted=${() => this.show((this.#unreadAfter ?? 0) + 1)}
      @bottom-seen=${(event: CustomEvent<number>) => !this.led && client.rooms.read(this.roomId, event.detail)}
      @message-action=${this.#act}
    ></message-list>`;
  }

  #write(room: Room): TemplateResult {
    const { client } = this;
    const name = roomName(room, client.me.id, client.people);
    return html`<message-composer
      .draft=${client.drafts.get(this.roomId)}
      .editing=${this.editing?.body ?? null}
      .people=${this.#mentionable()}
      .placeholder=${room.kind === "assistant" ? "Ask the assistant" : `Message ${room.kind === "direct" ? name : `#${name}`}`}
      .stoppable=${this.#running !== undefined}
      @stop-asked=${() => this.#running && this.#stop(this.#running.id)}
      @message-composed=${this.#composed}
      @draft-changed=${(event: CustomEvent<string>) => client.drafts.set(this.roomId, event.detail)}
      @typing=${(event: CustomEvent<boolean>) => client.sendTyping(event.detail)}
      @edit-last=${this.#editLast}
      @edit-cancelled=${() => (this.editing = null)}
    ></message-composer>`;
  }

  #mentionable() {
    const { client } = this;
    const members = client.members(this.roomId).all.filter((member) => member.user_id !== client.me.id);
    return members.map(({ user_id: id, name }) =>
      client.people.isAssistant(id) ? { id, name, presence: null } : { id, name, presence: client.people.presence(id) },
    );
  }

  #notYet(failed: boolean): TemplateResult {
    if (failed)
      return html`<div class="state">
        ${icon(emptyIcon)}
        <h2>This room could not be loaded</h2>
        <p>The server did not answer. It may be busy.</p>
        <button type="button" class="button" @click=${() => this.client.roomStore(this.roomId).watch()}>Try again</button>
      </div>`;
    return html`<div class="skeleton skeleton--messages" role="status">
      <span class="visually-hidden">Loading messages</span><i></i><i></i><i></i><i></i><i></i>
    </div>`;
  }

  #gone(): TemplateResult {
    return html`<div class="state">
      ${icon(goneIcon)}
      <h1>You are not in this room</h1>
      <p>It does not exist, or you have left it or were removed from it.</p>
      <button type="button" class="button" @click=${() => this.fire("dialog-asked", "browse")}>Browse rooms</button>
    </div>`;
  }

  #nameOf = (id: string): string => this.client.people.name(id);

  #composed = (event: CustomEvent<string>): void => {
    const { editing } = this;
    if (!editing) return this.client.sendMessage(event.detail);
    if (!event.detail) return this.#offerRemoval(editing);
    this.editing = null;
    if (event.detail !== editing.body) void this.#save(editing, event.detail);
  };

  async #save(line: Line, body: string): Promise<void> {
    const answer = await this.client.roomStore(this.roomId).edit(line, body);
    if (!answer.ok) this.fire("told", { words: `Not changed: ${whatWentWrong(answer.error)}`, problem: true });
  }

  #editLast = (): void => {
    this.#leaveThePast();
    const own = (line: Line) => line.author_id === this.client.me.id && line.status === "sent" && !line.removed_at;
    this.editing = this.client.messages.findLast((line) => own(line) && line.seq > 0) ?? null;
  };

  #act = (event: CustomEvent<MessageAction>): void => {
    const { action, line } = event.detail;
    const { outbox } = this.client.roomStore(this.roomId);
    if (action === "copied") return this.fire("told", { words: "Copied", problem: false });
    if (action === "retry") return outbox.retry(line.key);
    if (action === "discard") return outbox.discard(line.key);
    if (action === "stop") return this.#stop(line.id);
    if (action === "ask-again") return this.#askAgain(line);
    if (action === "show-question") return this.#showQuestion(line);
    if (action === "edit") this.editing = line;
    if (action === "remove") this.#offerRemoval(line);
  };

  /** What is answered comes at the end, and is shown there. */
  #askAgain(line: Line): void {
    this.#leaveThePast();
    void this.#told(this.client.replies.retry(line.run!.id), "Not asked again");
  }

  #leaveThePast(): void {
    if (this.client.roomStore(this.roomId).history.hasAfter) this.#list?.jumpToLatest();
  }

  #offerRemoval(line: Line): void {
    const store = this.client.roomStore(this.roomId);
    this.fire("confirm", {
      heading: line.run ? "Remove this answer?" : "Remove this message?",
      words: line.run ? "Nobody in the room will see it any more." : "Everybody in the room will see that a message was removed.",
      action: line.run ? "Remove answer" : "Remove message",
      do: () => store.remove(line),
    });
  }

  #stop(runId: string): void {
    void this.#told(this.client.replies.cancel(runId), "Not stopped");
  }

  #showQuestion(line: Line): void {
    const question = this.#lines.find(({ id }) => id === questionOf(line));
    if (question) void this.show(question.seq);
  }

  async #told(asked: Promise<Answer<unknown>>, problem: string): Promise<void> {
    const answer = await asked;
    if (!answer.ok) this.fire("told", { words: `${problem}: ${answer.error.message}`, problem: true });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "chat-window": ChatWindowElement;
  }
}
