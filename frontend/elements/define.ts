import { AssistantAnswerElement } from "./assistant-answer.js";
import { BrowseRoomsDialogElement } from "./browse-rooms-dialog.js";
import { ChatAppElement } from "./chat-app.js";
import { ChatWindowElement } from "./chat-window.js";
import { ConfirmDialogElement } from "./confirm-dialog.js";
import { KeyboardHelpElement } from "./keyboard-help.js";
import { MemberPanelElement } from "./member-panel.js";
import { MessageAnnouncerElement } from "./message-announcer.js";
import { MessageComposerElement } from "./message-composer.js";
import { MessageListElement } from "./message-list.js";
import { NewRoomDialogElement } from "./new-room-dialog.js";
import { PeopleDialogElement } from "./people-dialog.js";
import { RoomDialogElement } from "./room-dialog.js";
import { RoomHeaderElement } from "./room-header.js";
import { RoomSidebarElement } from "./room-sidebar.js";
import { RoomSwitcherElement } from "./room-switcher.js";
import { SearchPanelElement } from "./search-panel.js";
import { SourcePanelElement } from "./source-panel.js";
import { ToastListElement } from "./toast-list.js";

/** The one place with side effects: importing an element never registers it. */
export function defineElements(registry: CustomElementRegistry = customElements): void {
  registry.define("assistant-answer", AssistantAnswerElement);
  registry.define("browse-rooms-dialog", BrowseRoomsDialogElement);
  registry.define("chat-window", ChatWindowElement);
  registry.define("confirm-dialog", ConfirmDialogElement);
  registry.define("keyboard-help", KeyboardHelpElement);
  registry.define("member-panel", MemberPanelElement);
  registry.define("message-announcer", MessageAnnouncerElement);
  registry.define("message-composer", MessageComposerElement);
  registry.define("message-list", MessageListElement);
  registry.define("new-room-dialog", NewRoomDialogElement);
  registry.define("people-dialog", PeopleDialogElement);
  registry.define("room-dialog", RoomDialogElement);
  registry.define("room-header", RoomHeaderElement);
  registry.define("room-sidebar", RoomSidebarElement);
  registry.define("room-switcher", RoomSwitcherElement);
  registry.define("search-panel", SearchPanelElement);
  registry.define("source-panel", SourcePanelElement);
  registry.define("toast-list", ToastListElement);
  registry.define("chat-app", ChatAppElement);
}
