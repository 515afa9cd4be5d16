import { spawn, spawnSync } from "node:child_process";

export const codecs = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
export type Codec = (typeof codecs)[number];

/** Why tests that produce with kcat can't run here; throws in CI. */
export function kcatMissing(): string | undefined {
  if (spawnSync("kcat", ["-V"]).status === 0) return undefined;
  const reason = "kcat (Debian package kcat) is not installed";
  if (process.env["CI"]) throw new Error(reason);
  return reason;
}

/** Produces one record for each line with librdkafka, and waits until the broker has them. */
export function produce(options: {
  broker: string;
  topic: string;
  partition?: number;
  codec?: Codec;
  lines: readonly string[];
}): Promise<void> {
  const { broker, topic, partition = 0, codec = "none", lines } = options;
  const child = spawn("kcat", ["-P", "-b", broker, "-t", topic, "-p", String(partition), "-z", codec]);
  child.stdin.end(lines.map((line) => `${line}\n`).join(""));
  let errors = "";
  child.stderr.on("data", (text: Buffer) => (errors += text.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`kcat ended with ${code}: ${errors}`))));
  });
}
