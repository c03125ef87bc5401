import { html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import type { ChatClient } from "../chat-client.js";
import type { Member, Room, RoomRole, Source } from "../protocol.js";
import type { Question } from "./confirm-dialog.js";
import { ConnectionNotice } from "./connection-notice.js";
import { answerAloud } from "./answer-aloud.js";
import { dialog, type DialogName } from "./dialogs.js";
import { lastRoom, rememberRoom } from "./last-room.js";
import { LightElement } from "./light-element.js";
import { offlineBanner } from "./offline-banner.js";
import { couldNotStart, loadingRooms, sessionEnded, welcome } from "./page-states.js";
import { PageKeys } from "./page-keys.js";
import { askToArchive, askToRemove } from "./questions.js";
import { byName } from "./room-name.js";
import { tabTitle } from "./tab-title.js";

const PANEL_COVERS = "(max-width: 1023px)";

/**
 * <chat-app> — the page: sidebar, one room, panel; which room the address names; dialogs and toasts.
 * Knows the client, and what of it to draw when it changes; everything else is the elements' own.
 */
export class ChatAppElement extends LightElement {
  static override properties = {
    client: { attribute: false },
    failed: { attribute: false },
    csrf: { attribute: false },
    roomId: { state: true },
    dialog: { state: true },
    question: { state: true },
    drawerOpen: { state: true },
    panel: { state: true },
    leading: { state: true },
    version: { state: true },
  };

  client: ChatClient | null = null;
  /** The page could not start: nobody answered. */
  failed = false;
  csrf = "";
  roomId: string | null = null;
  dialog: DialogName | null = null;
  question: Question | null = null;
  drawerOpen = false;
  /** What stands at the right: who is in the room, what one looks for, or what an answer quotes. */
  panel: "members" | "search" | Source | null = null;
  /** The message one is being led to. */
  leading: { roomId: string; seq: number } | null = null;
  version = 0;

  readonly #notice = new ConnectionNotice(this);

  constructor() {
    super();
    new PageKeys(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("popstate", this.#addressChanged);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("popstate", this.#addressChanged);
  }

  /** Begin: the client is signed in, perhaps not yet connected. */
  begin(client: ChatClient): void {
    this.client = client;
    client.addEventListener("change", this.#clientChanged);
    this.#notice.watch(client.connection);
    client.connection.on("message:created", ({ room_id, actor_id, data }) => {
      if (room_id !== this.roomId || actor_id === client.me.id) return;
      this.querySelector("message-announcer")?.announce(client.people.name(actor_id), data.run ? answerAloud(data.body, data.run) : data.body);
    });
    this.#addressChanged();
  }

  protected override render(): TemplateResult {
    if (this.failed) return couldNotStart();
    const { client } = this;
    if (!client) return html`<div class="app app--starting" aria-busy="true"></div>`;
    return html`<div
        ?inert=${client.state === "ended"}
        class=${["app", this.drawerOpen && "app--drawer", this.panel && "app--panel"].filter(Boolean).join(" ")}
        @room-chosen=${(event: CustomEvent<string>) => this.goTo(event.detail)}
        @room-left=${this.#leftRoom}
        @dialog-asked=${(event: CustomEvent<DialogName>) => this.ask(event.detail)}
        @dialog-closed=${this.#dialogClosed}
        @told=${(event: CustomEvent<{ words: string; problem: boolean }>) =>
          this.#tell(event.detail.words, event.detail.problem)}
        @confirm=${(event: CustomEvent<Question>) => (this.question = event.detail)}
        @archive-asked=${this.#archive}
        @drawer-asked=${() => (this.drawerOpen = true)}
        @members-asked=${() => (this.panel = this.panel === "members" ? null : "members")}
        @search-asked=${() => this.search()}
        @source-asked=${this.#openSource}
        @message-asked=${this.#openMessage}
        @latest-wanted=${() => (this.leading = null)}
        @assistant-asked=${this.#converse}
        @panel-closed=${() => (this.panel = null)}
        @direct-asked=${(event: CustomEvent<string>) => this.#write(event.detail)}
        @member-removed=${this.#removeMember}
        @role-asked=${this.#giveRole}
      >
        <room-sidebar
          .me=${client.me}
          .rooms=${client.rooms.all}
          .loaded=${client.rooms.loaded}
          .people=${client.people}
          .hasAssistant=${client.people.assistant !== undefined}
          .version=${this.version}
          .activeId=${this.roomId}
          .watching=${document.visibilityState === "visible"}
          .offline=${this.#notice.offline}
          .csrf=${this.csrf}
        ></room-sidebar>
        <button type="button" class="scrim" aria-label="Close the list of rooms" tabindex="-1" @click=${this.#closeDrawer}></button>
        <main class="conversation">
          ${this.roomId === null ? this.#noRoom(client) : keyed(this.roomId, this.#window(client, this.roomId))}
        </main>
        ${this.#panel(client)} ${this.#dialogs(client)}
        <toast-list></toast-list>
        <message-announcer></message-announcer>
      </div>
      ${client.state === "ended" ? sessionEnded(client.endReason ?? "not_signed_in") : nothing}`;
  }

  protected override updated(): void {
    if (this.client?.state === "ended") this.querySelector<HTMLElement>(".ended a")?.focus();
  }

  #window(client: ChatClient, roomId: string): TemplateResult {
    return html`<chat-window
      .client=${client}
      .roomId=${roomId}
      .version=${this.version}
      .connectionWords=${this.#notice.words}
      .offline=${this.#notice.offline}
      .panelOpen=${this.panel === "members"}
      .led=${this.leading !== null}
    ></chat-window>`;
  }

  #panel(client: ChatClient): TemplateResult | typeof nothing {
    if (this.panel === null) return nothing;
    if (this.panel === "search")
      return html`<search-panel .client=${client} .roomId=${this.roomId} .version=${this.version}></search-panel>`;
    if (this.panel !== "members") return html`<source-panel .client=${client} .source=${this.panel}></source-panel>`;
    const room = this.#room;
    if (!room) return nothing;
    const members = client.members(room.id);
    return html`<member-panel
      .room=${room}
      .members=${members.all}
      .loaded=${members.loaded}
      .failed=${members.failed}
      .people=${client.people}
      .version=${this.version}
      .me=${client.me.id}
      .assistantId=${client.people.assistant?.id ?? ""}
      .canManage=${room.kind !== "direct" && (room.role === "admin" || client.me.role !== "member")}
    ></member-panel>`;
  }

  #dialogs(client: ChatClient): TemplateResult | typeof nothing {
    if (this.question)
      return html`<confirm-dialog .client=${client} .question=${this.question}></confirm-dialog>`;
    return dialog(this.dialog, client, this.#room);
  }

  /** The header is there for the way to the sidebar, where that is a drawer. */
  #noRoom(client: ChatClient): TemplateResult {
    return html`<room-header .me=${client.me.id} .people=${client.people}></room-header>
      ${this.#notice.offline ? offlineBanner(client.connection.restarting) : nothing}${client.rooms.loaded
        ? welcome(client.me.workspace.name, (name) => this.ask(name))
        : loadingRooms()}`;
  }

  // ---- where we are ----

  get #room(): Room | undefined {
    return this.roomId === null ? undefined : this.client?.rooms.get(this.roomId);
  }

  goTo(roomId: string): void {
    if (location.pathname !== `/rooms/${roomId}`) history.pushState(null, "", `/rooms/${roomId}`);
    this.dialog = null;
    this.#show(roomId);
  }

  #addressChanged = (): void => {
    const named = /^\/rooms\/([^/]+)/.exec(location.pathname)?.[1];
    this.#show(named ? decodeURIComponent(named) : null);
    this.#chooseRoom();
  };

  /** The address names no room: the one last read here, else the first. */
  #chooseRoom(): void {
    const { client } = this;
    if (this.roomId !== null || !client?.rooms.loaded) return;
    const open = byName(client.rooms.all, client.me.id, client.people).filter((room) => !room.archived);
    const last = lastRoom();
    const room = open.find((each) => each.id === last) ?? open[0];
    if (!room) return;
    history.replaceState(null, "", `/rooms/${room.id}`);
    this.#show(room.id);
  }

  #show(roomId: string | null): void {
    this.roomId = roomId;
    this.leading = null;
    this.drawerOpen = false;
    this.client?.open(roomId);
    if (roomId !== null) rememberRoom(roomId);
    this.#nameTab();
  }

  #leftRoom = (): void => {
    history.pushState(null, "", "/");
    this.#show(null);
    this.#chooseRoom();
  };

  #nameTab(): void {
    if (this.client) document.title = tabTitle(this.client, this.#room);
  }

  // ---- what changed ----

  #clientChanged = (): void => {
    this.version += 1;
    const { client } = this;
    if (client?.error) {
      this.#tell(client.error, true);
      client.dismissError();
    }
    this.#chooseRoom();
    this.#nameTab();
  };

  // ---- dialogs ----

  /** Open that dialog. */
  ask(dialog: DialogName): void {
    this.drawerOpen = false;
    this.dialog = dialog;
  }

  #dialogClosed = (event: Event): void => {
    if ((event.target as HTMLElement).localName === "confirm-dialog") this.question = null;
    else this.dialog = null;
  };

  #tell(words: string, problem = false): void {
    this.querySelector("toast-list")?.show(words, problem ? "problem" : "note");
  }

  #archive = (event: CustomEvent<Room>): void => {
    this.dialog = null;
    this.question = askToArchive(this.client!, event.detail);
  };

  #removeMember = (event: CustomEvent<Member>): void => {
    this.question = askToRemove(this.client!, this.roomId!, event.detail);
  };

  #giveRole = async (event: CustomEvent<{ member: Member; role: RoomRole }>): Promise<void> => {
    const { member, role } = event.detail;
    const answer = await this.client!.members(this.roomId!).setRole(member.user_id, role);
    if (!answer.ok) this.#tell(answer.error.message, true);
  };

  async #write(userId: string): Promise<void> {
    const answer = await this.client!.rooms.create({ kind: "direct", member_ids: [userId] });
    if (answer.ok) this.goTo(answer.data.id);
    else this.#tell(answer.error.message, true);
  }

  /** The AI mode of the page is a room too: one of one's own, with the assistant. */
  #converse = async (): Promise<void> => {
    const answer = await this.client!.rooms.converse();
    if (answer.ok) this.goTo(answer.data.id);
    else this.#tell(answer.error.message, true);
  };

  /** The window is too narrow for the panel to stand beside the conversation. */
  get panelCovers(): boolean {
    return matchMedia(PANEL_COVERS).matches;
  }

  /** Look for messages; once more chooses what one looked for. */
  search(): void {
    this.drawerOpen = false;
    if (this.panel === "search") return this.querySelector("search-panel")?.begin();
    this.panel = "search";
  }

  #openSource = (event: CustomEvent<Source>): void => {
    this.panel = event.detail;
  };

  /** A message that was quoted or found, in whatever room it was said; the last one asked for, unless one goes elsewhere. */
  #openMessage = async (event: CustomEvent<{ roomId: string; seq: number }>): Promise<void> => {
    const { roomId, seq } = event.detail;
    const { client } = this;
    if (!client!.rooms.get(roomId)) return this.#tell("You are not in the room where that was said.", true);
    if (this.panelCovers) this.panel = null;
    if (roomId !== this.roomId) this.goTo(roomId);
    const leading = (this.leading = event.detail);
    await client!.roomStore(roomId).ready();
    await this.updateComplete;
    if (leading === this.leading) await this.querySelector("chat-window")?.show(seq);
    if (leading === this.leading) this.leading = null;
  };

  #closeDrawer = (): void => {
    this.drawerOpen = false;
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "chat-app": ChatAppElement;
  }
}
