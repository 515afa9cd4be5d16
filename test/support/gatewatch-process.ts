import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";

/** Where many are started at once on few processors. */
const startsWithinMs = 90_000;

const main = join(import.meta.dirname, "../../src/main.ts");

export interface GatewatchOptions {
  /** Holds the configuration and, unless the configuration says otherwise, the data. */
  readonly directory: string;
  /** Everything but `api.listen`; a path in it is relative to `directory`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly port?: number;
  /** `--role`; `all` unless given. */
  readonly role?: string;
  /** Resolves as soon as it listens: one that waits for its turn is not ready before that. */
  readonly until?: "ready" | "listening";
}

/** The real service, as a process of its own. */
export interface GatewatchProcess {
  readonly url: string;
  readonly port: number;
  readonly configFile: string;
  readonly stdin: Writable;
  /** All it logged so far. */
  log(): string;
  /** The JSON at a path of the API. */
  get<T>(path: string): Promise<T>;
  /** The sum over the series of a metric whose labels contain all of `labels`. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** The most memory it ever held. */
  peakRssMiB(): number;
  /** Writes the configuration anew; it notices by itself. */
  configure(config: Readonly<Record<string, unknown>>): void;
  /** `kill -9`. */
  kill(): Promise<void>;
  hang(): void;
  resume(): void;
  /** Waits until it ends by itself, and for so long at most; resolves with the exit code. */
  ended(withinMs: number): Promise<number | null>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Starts the service from source, and resolves once it says that it is ready. */
export async function startGatewatch(options: GatewatchOptions): Promise<GatewatchProcess> {
  const { directory, config, role, until = "ready" } = options;
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const configFile = join(directory, "gatewatch.yaml");
  const configure = (next: GatewatchOptions["config"]) =>
    writeFileSync(configFile, JSON.stringify({ ...next, api: { listen: `127.0.0.1:${port}` } }, undefined, 2));
  mkdirSync(directory, { recursive: true });
  configure(config);

  const child = spawn(
    process.execPath,
    [main, "--config", configFile, "run", ...(role === undefined ? [] : ["--role", role])],
    {
      env: { PATH: process.env["PATH"], UV_THREADPOOL_SIZE: "16", MALLOC_MMAP_THRESHOLD_: "131072" },
      stdio: ["pipe", "inherit", "pipe"],
    },
  );
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
    // What is kept after a test that failed tells why.
    appendFileSync(join(directory, "gatewatch.log"), text);
  });
  child.stdin.on("error", () => {}); // it was killed while a test wrote
  const exited = once(child, "exit");
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
    return child.exitCode;
  };
  const get = async <T>(path: string) => {
    const response = await fetch(url + path);
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };

  try {
    await eventually(
      "gatewatch to be ready",
      async () => {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`gatewatch ended: ${log}`);
        return fetch(`${url}/readyz`).then(
          ({ ok }) => ok || until === "listening",
          () => false, // it does not listen yet
        );
      },
      startsWithinMs,
    );
  } catch (error) {
    await end("SIGKILL");
    throw error;
  }
  return {
    url,
    port,
    configFile,
    stdin: child.stdin,
    get,
    configure,
    log: () => log,
    metric: async (name, labels = {}) => sumOf(await (await fetch(`${url}/metrics`)).text(), name, labels),
    peakRssMiB: () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024,
    kill: async () => void (await end("SIGKILL")),
    hang: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    ended: async (withinMs) => {
      await eventually("gatewatch to end", () => child.exitCode !== null || child.signalCode !== null, withinMs);
      return child.exitCode;
    },
    stop: () => end("SIGTERM"),
  };
}

// helpers

function sumOf(exposition: string, name: string, labels: Readonly<Record<string, string>>): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return exposition
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => wanted.every((part) => line.includes(part)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}
