import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { nginxLine, type Request } from "./nginx-line.ts";

/** The log is moved aside at this size, as logrotate would. */
const rotateBytes = 64 * 1024 * 1024;

/**
 * The example shop's gateway: asks gatewatch about each request, as nginx does with `auth_request`,
 * and writes the line nginx would write. When gatewatch doesn't answer in time, the request passes.
 */
export class Gateway {
  readonly #log: string;
  readonly #check: string;
  #lastId = 0;

  /** `log`: the access log's path. `check`: the address of `/v1/check`. */
  constructor(options: { log: string; check: string }) {
    this.#log = options.log;
    this.#check = options.check;
    mkdirSync(dirname(options.log), { recursive: true });
  }

  /** Requests that are over: written as they are. */
  write(requests: readonly { readonly request: Request; readonly time: number }[]): void {
    appendFileSync(this.#log, requests.map(({ request, time }) => nginxLine(request, time, ++this.#lastId)).join(""));
  }

  /** A request that arrives now. */
  async serve(request: Request): Promise<void> {
    const answer = await this.#ask(request);
    this.write([{ request: answer === undefined ? request : refused(request, answer), time: Date.now() }]);
    if (statSync(this.#log).size > rotateBytes) renameSync(this.#log, `${this.#log}.1`);
  }

  async #ask(request: Request): Promise<string | undefined> {
    const headers: Record<string, string> = { "x-real-ip": request.client.address };
    if (request.user !== undefined && request.status < 400) headers["x-gatewatch-user"] = request.user;
    try {
      const answer = await fetch(this.#check, { headers, signal: AbortSignal.timeout(80) });
      await answer.arrayBuffer();
      return answer.status === 403 ? (answer.headers.get("x-gatewatch-action") ?? "ban") : undefined;
    } catch {
      return undefined;
    }
  }
}

/** What nginx answers when gatewatch said no: 403, or 429 for a throttle, without asking the application. */
function refused(request: Request, action: string): Request {
  const throttled = action === "throttle";
  const { upstreamStatus: _, ...rest } = request;
  return { ...rest, status: throttled ? 429 : 403, took: 0.001, gatewatch: throttled ? "throttle" : "block" };
}
