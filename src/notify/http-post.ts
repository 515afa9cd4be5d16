import { plainText } from "../incident/plain-text.ts";
import type { SendResult } from "./notifier.ts";

/** Of an answer, only so much is read: it is shown to people, and its sender is not ours. */
const maxAnswerBytes = 2_048;

/** What a server said to a request. */
export interface HttpAnswer {
  readonly status: number;
  /** How long it asked to wait, in ms. */
  readonly retryAfterMs: number | undefined;
  /** Its first two kilobytes. */
  readonly body: string;
}

/** Posts JSON. Redirects are not followed: they are answers like any other. Throws what `fetch` throws. */
export async function postJson(
  url: string,
  options: { body: string; headers?: Readonly<Record<string, string>>; signal: AbortSignal; now: number },
): Promise<HttpAnswer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": "gatewatch", ...options.headers },
    body: options.body,
    redirect: "manual",
    signal: options.signal,
  });
  const body = await readStart(response);
  return {
    status: response.status,
    retryAfterMs: retryAfterMs(response.headers.get("retry-after"), options.now),
    body,
  };
}

/** Sorts an answer that is no success: what may be tried again, and what is refused for good. */
export function failedAnswer(answer: HttpAnswer): Exclude<SendResult, { kind: "sent" }> {
  const { status, retryAfterMs: afterMs } = answer;
  const detail = `HTTP ${status}${answer.body === "" ? "" : `: ${plainText(answer.body, 200)}`}`;
  if (status === 429) return { kind: "retry", reason: "rate_limited", detail, afterMs };
  if (status === 408 || status === 425 || status >= 500)
    return { kind: "retry", reason: "server_error", detail, afterMs };
  if (status === 401 || status === 403) return { kind: "refused", reason: "unauthorized", detail };
  if (status >= 300 && status < 400) {
    return { kind: "refused", reason: "rejected", detail: `HTTP ${status}: redirects are not followed` };
  }
  return { kind: "refused", reason: "rejected", detail };
}

/** Sorts what `fetch` threw. `maybeSent` unless it is known that no request went out. */
export function failedRequest(error: unknown, signal: AbortSignal): Exclude<SendResult, { kind: "sent" }> {
  const afterMs = undefined;
  if (signal.aborted) {
    const detail = signal.reason instanceof Error ? signal.reason.message : "no answer in time";
    return { kind: "retry", reason: "timeout", detail, afterMs, maybeSent: true };
  }
  const code = errorCode(error) ?? "connection failed";
  return { kind: "retry", reason: "network", detail: code, afterMs, maybeSent: !neverSent.test(code) };
}

// helpers

/** No connection, no name, or no trust: nothing was said to the other side. */
const neverSent =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH)/;

/** The innermost code. Never a message: it could carry the URL, and the URL is a secret. */
function errorCode(error: unknown): string | undefined {
  let code: string | undefined;
  let at = error;
  for (let depth = 0; at instanceof Error && depth < 5; depth++) {
    if ("code" in at && typeof at.code === "string") code = at.code;
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return code;
}

async function readStart(response: Response): Promise<string> {
  if (!response.body) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= maxAnswerBytes) break; // leaving the loop cancels the rest
  }
  return Buffer.concat(chunks).subarray(0, maxAnswerBytes).toString("utf8").toWellFormed();
}

/** `Retry-After` is a number of seconds or a date. */
function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,6}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
