/**
 * Everything that crosses the wire. The page to read is docs/protocol.md, the server's half is chatapp/schemas/;
 * tests/test_protocol.py holds the three together.
 */

export type Role = "owner" | "admin" | "member" | "assistant";
export type RoomRole = "admin" | "member";
export type RoomKind = "public" | "private" | "direct" | "assistant";
export type Presence = "active" | "away" | "offline";

export interface Failure {
  code: string;
  message: string;
  retryable: boolean;
  retry_after?: number;
  details?: Record<string, unknown>;
  request_id?: string;
}

export type Answer<T> = { ok: true; data: T } | { ok: false; error: Failure };

export interface Room {
  id: string;
  kind: RoomKind;
  name: string | null;
  topic: string;
  archived: boolean;
  role: RoomRole;
  member_ids: string[] | null;
  epoch: string;
  seq: number;
  applied: number;
  read_seq: number;
  unread: number;
  mentions: number;
  last_at: string | null;
}

export interface Message {
  id: string;
  room_id: string;
  seq: number;
  author_id: string;
  client_id: string | null;
  body: string;
  mentions: string[];
  revision: number;
  at: string;
  edited_at: string | null;
  removed_at: string | null;
  /** It asked the assistant something. */
  asks?: boolean;
  /** It names the assistant and yet asks it nothing; the code of why. */
  unasked?: string | null;
  /** It is the assistant's answer, and this is how it came about. */
  run?: Answering | null;
}

export type RunState = "waiting" | "running" | "done" | "stopped" | "failed";

/** An answer being waited for, or written. */
export interface Run {
  id: string;
  room_id: string;
  question_id: string;
  asker_id: string;
  attempt: number;
  state: RunState;
  /** How many are before it in the room. */
  place: number;
}

/** How an answer came about. */
export interface Answering {
  id: string;
  question_id: string;
  attempt: number;
  outcome: "done" | "stopped" | "failed";
  /** Null when none was asked. */
  provider: string | null;
  model: string | null;
  input_tokens: number | null;
  output_tokens: number | null;
  /** US dollars as a decimal, null when nobody knows. */
  cost: string | null;
  seconds: number | null;
  sources: Source[];
  error: Omit<Failure, "request_id"> | null;
}

/** What `[n]` in an answer stands for. */
export interface Source {
  n: number;
  kind: "document" | "message";
  title: string;
  quote: string;
  passage_id?: string | null;
  document_id?: string | null;
  room_id?: string | null;
  seq?: number | null;
}

/** A message that was looked for. */
export interface Found {
  message: Message;
  room: { id: string; kind: RoomKind; name: string | null };
  /** Of its body, and where the words begin and end in it, in code points. */
  excerpt: string;
  marks: [begin: number, end: number][];
}

export interface Person {
  id: string;
  name: string;
  role: Role;
  disabled: boolean;
  presence: Presence;
}

export interface Me extends Person {
  email: string;
  session_id: string;
  workspace: { id: string; slug: string; name: string };
}

export interface Member {
  user_id: string;
  name: string;
  role: RoomRole;
  presence: Presence;
  joined_at: string;
}

/** A public room as somebody who may not be in it sees it. */
export interface PublicRoom {
  id: string;
  name: string;
  topic: string;
  member_count: number;
  joined: boolean;
}

/** A piece of a document, with what stands around it. */
export interface Passage {
  id: string;
  document_id: string;
  title: string;
  /** The headings above it. */
  heading: string;
  text: string;
  /** Its first character in the document's text, in code points. */
  start: number;
  before: string;
  after: string;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Followed {
  rooms: Room[];
  next: string | null;
}

export interface HistoryPage {
  messages: Message[];
  has_before: boolean;
  has_after: boolean;
  as_of: number;
  epoch: string;
}

/** What a room remembers: numbered without holes inside an epoch, applied in that order. */
export interface Envelope<Type extends string, Data> {
  v: number;
  type: Type;
  room_id: string;
  epoch: string;
  seq: number;
  id: string;
  at: string;
  actor_id: string;
  client_id: string | null;
  data: Data;
}

export interface RoomEvents {
  "message:created": { body: string; mentions: string[]; asks?: boolean; unasked?: string | null; run?: Answering | null };
  "message:edited": { message_id: string; message_seq: number; body: string; mentions: string[]; revision: number };
  "message:removed": { message_id: string; message_seq: number; revision: number };
  "member:joined": { user_id: string; role: RoomRole };
  "member:left": { user_id: string };
  "member:changed": { user_id: string; role: RoomRole };
  "room:created": { kind: RoomKind; name: string | null; topic: string };
  "room:changed": { name: string | null; topic: string };
  "room:archived": Record<string, never>;
}

export type RoomEvent = { [Type in keyof RoomEvents]: Envelope<Type, RoomEvents[Type]> }[keyof RoomEvents];
export type EventOf<Type extends keyof RoomEvents> = Envelope<Type, RoomEvents[Type]>;

export interface Snapshot {
  as_of: number;
  messages: Message[];
  has_before: boolean;
  /** null while the database is away. */
  room: Room | null;
}

export interface Resumed {
  epoch: string;
  seq: number;
  complete: boolean;
  events: RoomEvent[];
  has_more: boolean;
  snapshot: Snapshot | null;
  presence: Record<string, Presence>;
}

/** What we ask, and what comes back. */
export interface Requests {
  "room:follow": [ask: { room_ids?: string[]; cursor?: string }, answer: Followed];
  "room:resume": [ask: { room_id: string; epoch?: string; after?: number }, answer: Resumed];
  "room:leave": [ask: { room_id: string }, answer: Record<string, never>];
  "room:read": [ask: { room_id: string; seq: number }, answer: { seq: number; unread: number; mentions: number }];
  "message:send": [
    ask: { room_id: string; client_id: string; body: string },
    answer: EventOf<"message:created"> & { duplicate: boolean },
  ];
  "message:edit": [ask: { message_id: string; body: string; revision: number }, answer: EventOf<"message:edited">];
  "message:remove": [ask: { message_id: string; revision: number }, answer: EventOf<"message:removed">];
  "typing:start": [ask: { room_id: string }, answer: never];
  "typing:stop": [ask: { room_id: string }, answer: never];
  "presence:set": [ask: { state: "active" | "away" }, answer: Record<string, never>];
}

/** What we ask of the assistant. */
export interface Requests {
  "assistant:ask": [
    ask: { room_id: string; client_id: string; body: string },
    answer: EventOf<"message:created"> & { duplicate: boolean },
  ];
  "assistant:watch": [ask: { room_id: string }, answer: { runs: Run[] }];
  "assistant:resume": [ask: { run_id: string; offset: number }, answer: { run: Run; offset: number; text: string }];
  "assistant:cancel": [ask: { run_id: string }, answer: Record<string, never>];
  "assistant:retry": [ask: { run_id: string }, answer: { run: Run }];
}

/** The requests that nobody answers. */
export type Remark = "typing:start" | "typing:stop";
export type Question = Exclude<keyof Requests, Remark>;

export type EndReason = "signed_out" | "revoked" | "expired" | "disabled" | "password_changed";

/** Why a session is over: told by the server, or only noticed, because we are no longer let in. */
export type Ending = EndReason | "not_signed_in";

/** What the server says unasked. */
export interface ServerEvents {
  "message:created": EventOf<"message:created">;
  "message:edited": EventOf<"message:edited">;
  "message:removed": EventOf<"message:removed">;
  "member:joined": EventOf<"member:joined">;
  "member:left": EventOf<"member:left">;
  "member:changed": EventOf<"member:changed">;
  "room:created": EventOf<"room:created">;
  "room:changed": EventOf<"room:changed">;
  "room:archived": EventOf<"room:archived">;
  "typing:started": { room_id: string; user_id: string };
  "typing:stopped": { room_id: string; user_id: string };
  "presence:changed": { user_id: string; state: Presence };
  "person:changed": { id: string; name: string; role: Role; disabled: boolean };
  "read:moved": { room_id: string; seq: number; unread: number; mentions: number };
  "room:head": { room_id: string; epoch: string; seq: number; applied: number };
  "room:reset": { room_id: string; epoch: string };
  "connection:stale": { stale: boolean };
  "session:ended": { reason: EndReason };
  "server:closing": { delay: number };
  error: Failure;
}

interface ReplyBegun {
  room_id: string;
  run_id: string;
  question_id: string;
  asker_id: string;
  attempt: number;
}

/** How an answer comes about. Offsets and lengths count code points. */
export interface ServerEvents {
  "reply:waiting": ReplyBegun;
  "reply:started": ReplyBegun;
  "reply:grew": { room_id: string; run_id: string; offset: number; text: string };
  "reply:ended": { room_id: string; run_id: string; outcome: Answering["outcome"]; length: number | null };
}

/** The server events that are numbered, in one list for those who subscribe to all of them. */
export const ROOM_EVENTS = [
  "message:created",
  "message:edited",
  "message:removed",
  "member:joined",
  "member:left",
  "member:changed",
  "room:created",
  "room:changed",
  "room:archived",
] as const satisfies readonly (keyof RoomEvents)[];

export const LONGEST_MESSAGE = 5000;
