import { sleep, type Clock } from "../clock.ts";
import { loadSection, type Environment } from "../config.ts";
import { GatewatchError } from "../errors.ts";
import type { CliContext } from "./cli-context.ts";

/** How long a command waits for the running service. */
const waitMs = 10_000;

/**
 * Asks the running service's API and returns the JSON it answers. `path` begins with `/v1/`. The
 * address is the configuration's `api.listen`, the token comes from GATEWATCH_TOKEN. Throws
 * `COMMAND_FAILED`.
 */
export async function askService(path: string, configFile: string, context: CliContext): Promise<unknown> {
  const { listen } = await loadSection({ file: configFile, env: context.env }, "api");
  const base = `http://${reachable(listen.host)}:${listen.port}`;
  const response = await request(`${base}${path}`, context).catch((cause: unknown) => {
    throw new GatewatchError("COMMAND_FAILED", `The service does not answer at ${base}.`, {
      remedy: "Start it with `gatewatch run`, or name the configuration it runs with: --config FILE.",
      cause,
    });
  });
  if (response.ok && response.body !== undefined) return response.body;
  if (response.status === 401 || response.status === 403) {
    throw new GatewatchError("COMMAND_FAILED", `The service at ${base} refused the request (${response.status}).`, {
      remedy: "Set GATEWATCH_TOKEN to a token of the role `viewer` or above; `gatewatch token` makes one.",
    });
  }
  const { error, message } = (response.body ?? {}) as { error?: { message?: unknown }; message?: unknown };
  const reason = error?.message ?? message;
  const said = typeof reason === "string" ? `: ${reason}` : "";
  throw new GatewatchError("COMMAND_FAILED", `${base}${path} answered ${response.status}${said}`);
}

// helpers

async function request(url: string, context: { fetch: typeof fetch; env: Environment; clock: Clock }) {
  const token = context.env.GATEWATCH_TOKEN;
  const finished = new AbortController();
  const deadline = new AbortController();
  void sleep(context.clock, waitMs, finished.signal).then(() => deadline.abort());
  try {
    const response = await context.fetch(url, {
      headers: { accept: "application/json", ...(token && { authorization: `Bearer ${token}` }) },
      signal: deadline.signal,
      redirect: "error",
    });
    const text = await response.text();
    return { ok: response.ok, status: response.status, body: parseJson(text) };
  } finally {
    finished.abort();
  }
}

/** An address to listen on that means "every address" is reached over loopback. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // something else listens there; the caller says so by its status
  }
}
