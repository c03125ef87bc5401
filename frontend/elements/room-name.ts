import { html, type TemplateResult } from "lit";
import groupIcon from "icon:users";
import hashIcon from "icon:hash";
import lockIcon from "icon:lock";
import sparklesIcon from "icon:sparkles";
import type { Presence, Room } from "../protocol.js";
import { avatar } from "./avatar.js";
import { icon } from "./icon.js";

/** What naming a room needs to know of people. */
export interface Names {
  name(id: string): string;
  presence(id: string): Presence;
}

/** A direct conversation is called after the others in it. */
export function roomName(room: Room, me: string, people: Names): string {
  if (room.kind === "assistant") return room.name ?? "New conversation";
  if (room.kind !== "direct") return room.name ?? "";
  const others = (room.member_ids ?? []).filter((id) => id !== me);
  return others.map((id) => people.name(id)).join(", ") || people.name(me);
}

export function roomSign(room: Room, me: string, people: Names): TemplateResult {
  if (room.kind === "public") return icon(hashIcon, true);
  if (room.kind === "assistant") return icon(sparklesIcon, true);
  if (room.kind === "private") return icon(lockIcon, true);
  const others = (room.member_ids ?? []).filter((id) => id !== me);
  if (others.length > 1) return icon(groupIcon, true);
  const other = others[0] ?? me;
  return html`${avatar(people.name(other), people.presence(other), true)}`;
}

/** The one somebody spoke in last comes first, and before it one in which nothing was asked yet. */
export function byRecency(rooms: readonly Room[]): Room[] {
  const at = (room: Room) => room.last_at ?? "~";
  return [...rooms].sort((a, b) => (at(a) < at(b) ? 1 : -1));
}

export function byName(rooms: readonly Room[], me: string, people: Names): Room[] {
  const named = rooms.map((room) => ({ room, name: roomName(room, me, people) }));
  return named.sort((a, b) => a.name.localeCompare(b.name)).map(({ room }) => room);
}
