import type { Answer, Failure } from "./protocol.js";

/** Did not reach the server, or the server could not say why: worth trying again. */
export const BUSY: Failure = { code: "busy", message: "The server did not answer in time.", retryable: true };

const LONGEST_WAIT_MS = 15_000;

/** Ask the REST API. Never rejects: what went wrong is an answer like any other. */
export async function call<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
  try {
    const response = await fetch(`/api/v1${path}`, {
      method,
      headers: headers(method, body),
      body: body === undefined ? null : JSON.stringify(body),
      credentials: "same-origin",
      signal: AbortSignal.timeout(LONGEST_WAIT_MS),
    });
    return await envelope<T>(response);
  } catch {
    return { ok: false, error: BUSY };
  }
}

function headers(method: string, body: unknown): Record<string, string> {
  const sent: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  if (method !== "GET") sent["X-CSRF-Token"] = csrfToken();
  return sent;
}

export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

/** A proxy in between may answer with a page of its own: then all we know is the status. */
async function envelope<T>(response: Response): Promise<Answer<T>> {
  const body: unknown = await response.json().catch(() => null);
  if (body !== null && typeof body === "object" && "ok" in body) return body as Answer<T>;
  if (response.status === 401)
    return { ok: false, error: { code: "not_signed_in", message: "You are signed out.", retryable: false } };
  return { ok: false, error: { ...BUSY, retryable: response.status >= 500 || response.status === 429 } };
}
