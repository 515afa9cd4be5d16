import { sleep, type Clock } from "../clock.ts";
import { GatewatchError } from "../errors.ts";
import { bytesOf, type Sink } from "./sink.ts";

/** How often a full or failing service is asked again, and how long between, unless it says so itself. */
const tries = 20;
const waitMs = 1_000;
const longestWaitMs = 30_000;

/**
 * Posts lines as `POST /v1/logs` takes them; waits as long as the service says that it is full. Without a
 * `token` it is asked without one.
 */
export function httpSink(url: string, parts: { fetch: typeof fetch; clock: Clock; token: string | undefined }): Sink {
  const { fetch, clock, token } = parts;
  const failed = (what: string, cause?: unknown) =>
    new GatewatchError("COMMAND_FAILED", `${url} ${what}.`, {
      remedy:
        "Name the address of a source of type http, as http://127.0.0.1:8080/v1/logs?source=edge; the token comes from GATEWATCH_TOKEN.",
      cause,
    });
  return {
    async write(records) {
      const body = bytesOf(records);
      const headers = {
        "content-type": "application/x-ndjson",
        ...(token !== undefined && token !== "" && { authorization: `Bearer ${token}` }),
      };
      for (let tried = 1; ; tried++) {
        const response = await fetch(url, { method: "POST", headers, body, redirect: "error" }).catch(
          (cause: unknown) => {
            throw failed("can't be reached", cause);
          },
        );
        await response.arrayBuffer();
        if (response.ok) return;
        if ((response.status !== 429 && response.status !== 503) || tried === tries) {
          throw failed(`answered ${response.status}`);
        }
        await sleep(clock, waitOf(response.headers.get("retry-after")));
      }
    },
    close: () => Promise.resolve(),
  };
}

// helpers

/** Seconds, as `Retry-After` says them. */
function waitOf(retryAfter: string | null): number {
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  return seconds >= 0 ? Math.min(seconds * 1000, longestWaitMs) : waitMs;
}
