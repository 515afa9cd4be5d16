import { sleep, type Clock } from "../clock.ts";
import { GatewatchError } from "../errors.ts";
import { GatheringSink } from "./gathering-sink.ts";
import { bytesOf, type Sink } from "./sink.ts";
import type { SimulatedRecord } from "./simulation.ts";

/** How often the same lines are posted at most, and how long between, unless the service says so itself. */
const tries = 20;
const waitMs = 1_000;
const longestWaitMs = 30_000;

/** What an HTTP sink posts with. */
interface HttpSinkParts {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** Sent as a bearer token; without one the service is asked without. */
  readonly token: string | undefined;
  /** Ends the wait for a service that is full or away. */
  readonly signal: AbortSignal;
}

/**
 * Posts lines as `POST /v1/logs` takes them, and waits as long as the service says that it is full. A
 * service that has answered once may be away for a while, too; one that never did is an error at once.
 * Lines whose answer was lost are posted again, as shippers do.
 */
export function httpSink(url: string, parts: HttpSinkParts): Sink {
  const { clock, signal } = parts;
  let hasAnswered = false;
  const send = async (records: readonly SimulatedRecord[]) => {
    for (let tried = 1; ; tried++) {
      const answer = await post(url, records, parts);
      hasAnswered ||= answer === "taken" || answer.cause === undefined;
      if (answer === "taken") return;
      const isLast = tried === tries || signal.aborted || !hasAnswered;
      if (answer.retryMs === undefined || isLast) throw failed(url, answer);
      await sleep(clock, answer.retryMs, signal);
    }
  };
  return new GatheringSink({ send, disconnect: async () => {} });
}

// helpers

/** Why lines were not taken; `retryMs`: they may be after so long. */
interface NotTaken {
  readonly what: string;
  readonly retryMs: number | undefined;
  /** There was no answer. */
  readonly cause?: unknown;
}

async function post(
  url: string,
  records: readonly SimulatedRecord[],
  { fetch, token }: HttpSinkParts,
): Promise<"taken" | NotTaken> {
  const headers = {
    "content-type": "application/x-ndjson",
    ...(token !== undefined && token !== "" && { authorization: `Bearer ${token}` }),
  };
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { method: "POST", headers, body: bytesOf(records), redirect: "error" });
    text = await response.text();
  } catch (cause) {
    return { what: `can't be reached${codeOf(cause)}`, retryMs: waitMs, cause };
  }
  const { message, rejected } = told(text);
  if (response.ok && rejected === 0) return "taken";
  if (response.ok) return { what: `refused ${rejected} of ${records.length} lines`, retryMs: undefined };
  const isBusy = response.status === 429 || response.status === 503;
  return {
    what: `answered ${response.status}${message === "" ? "" : `: ${message}`}`,
    retryMs: isBusy ? waitOf(response.headers.get("retry-after")) : undefined,
  };
}

function failed(url: string, { what, cause }: NotTaken): GatewatchError {
  return new GatewatchError("COMMAND_FAILED", `${url} ${what.replace(/\.$/, "")}.`, {
    remedy:
      "Name the address of a source of type http, as http://127.0.0.1:8080/v1/logs?source=edge; the token comes from GATEWATCH_TOKEN.",
    cause,
  });
}

/** ` (ECONNREFUSED)`, where `fetch` knows it. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  return code === undefined ? "" : ` (${code})`;
}

/** Seconds, as `Retry-After` says them. */
function waitOf(retryAfter: string | null): number {
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  return seconds >= 0 ? Math.min(seconds * 1000, longestWaitMs) : waitMs;
}

const longestMessage = 200;

/** What an answer says, where it is the service's: `error.message` and `rejected`. Anything else may answer, too. */
function told(text: string): { readonly message: string; readonly rejected: number } {
  try {
    const { error, rejected } = JSON.parse(text) as { error?: { message?: unknown } | null; rejected?: unknown };
    const message = typeof error?.message === "string" ? error.message.slice(0, longestMessage) : "";
    return { message, rejected: typeof rejected === "number" ? rejected : 0 };
  } catch {
    return { message: "", rejected: 0 };
  }
}
