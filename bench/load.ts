import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface LoadOptions {
  readonly broker: string;
  readonly topic: string;
  /** Lines a second. */
  readonly rate: number;
  /** Different customers; each has an address of its own. */
  readonly clients?: number;
  /** The share of requests from addresses that nobody has used before, 0 to 1. */
  readonly flood?: number;
  readonly seed?: number;
}

/**
 * Produces ordinary traffic in real time, over all partitions of a topic, from processes of its own: one
 * makes the lines, and kcat sends them. The result ends it.
 */
export function startLoad(options: LoadOptions): () => Promise<void> {
  const { broker, topic, rate, clients = 100_000, flood = 0, seed = 1 } = options;
  const worker = join(import.meta.dirname, "load-worker.ts");
  const args = [rate, clients, flood, seed].map(String);
  const lines = spawn(process.execPath, [worker, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const settings = ["linger.ms=5", "queue.buffering.max.messages=200000"].flatMap((setting) => ["-X", setting]);
  const sender = spawn("kcat", ["-P", "-b", broker, "-t", topic, ...settings], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  lines.stdout.pipe(sender.stdin);
  const ended = once(sender, "close");
  return async () => {
    lines.kill("SIGTERM");
    await ended;
  };
}
