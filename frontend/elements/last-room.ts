const KEY = "last-room";

/** The room one looked at last on this device, or null. */
export function lastRoom(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function rememberRoom(roomId: string): void {
  try {
    localStorage.setItem(KEY, roomId);
  } catch {
    // a browser that forbids storage opens the first room next time
  }
}
