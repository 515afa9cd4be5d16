import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../eventually.ts";

export interface ServerOptions {
  readonly name: string;
  readonly program: string;
  /** Gets the server's own directory; answers with the arguments. */
  readonly arguments: (directory: string) => readonly string[];
  /** Files to write there first, by name. */
  readonly files: (directory: string) => Readonly<Record<string, string>>;
  /** Ports of 127.0.0.1 and ::1 that it must listen on. */
  readonly port: number;
  /** Whether it works, where listening does not say so. */
  readonly isReady?: () => Promise<boolean>;
  /** What asks it to end after the requests that it has. */
  readonly stopSignal?: NodeJS.Signals;
}

export interface ServerProcess {
  /** What it wrote to its standard output. */
  output(): string;
  /** A file of its directory, also after `stop`; empty when there is none. */
  read(name: string): string;
  stop(): Promise<void>;
  /** Removes the directory. */
  remove(): void;
}

const patienceMs = 5000;

/** Starts a server in a directory of its own, and waits until it listens on both addresses. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const { name, port, isReady = async () => true, stopSignal = "SIGTERM" } = options;
  const directory = mkdtempSync(join(tmpdir(), `gatewatch-${name}-`));
  for (const [file, text] of Object.entries(options.files(directory))) writeFileSync(join(directory, file), text);
  const child = spawn(options.program, options.arguments(directory), {
    cwd: directory,
    env: { ...process.env, TZ: "UTC", HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let complaints = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints = (complaints + text).slice(-5000)));
  let ended: string | undefined;
  // `close` comes after the last output, `exit` may come before.
  const closed = new Promise<void>((resolve) => {
    child.once("close", (code, signal) => {
      ended = `it ended with ${code ?? signal}`;
      resolve();
    });
    child.once("error", (error) => {
      ended = error.message;
      resolve();
    });
  });
  const stop = async () => {
    if (ended !== undefined) return;
    child.kill(stopSignal);
    const impatience = setTimeout(() => child.kill("SIGKILL"), patienceMs);
    await closed;
    clearTimeout(impatience);
  };
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    await eventually(`${name} to listen`, async () => {
      if (ended !== undefined) throw new Error(`${name} did not start (${ended}): ${complaints}${output.slice(-5000)}`);
      return (await canConnect("127.0.0.1", port)) && (await canConnect("::1", port)) && (await isReady());
    });
  } catch (error) {
    await stop();
    remove();
    throw error;
  }
  return {
    output: () => output,
    read(file) {
      const path = join(directory, file);
      return existsSync(path) ? readFileSync(path, "utf8") : "";
    },
    stop,
    remove,
  };
}

/** The lines of a log, without their ends. */
export function linesOf(log: string): string[] {
  return log.split("\n").filter((line) => line !== "");
}

// helpers

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
