import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Codec } from "../test/support/kcat.ts";

/** Produces one record for each line with librdkafka, over all partitions, in batches as shippers make them. */
export async function fillTopic(options: {
  broker: string;
  topic: string;
  codec: Codec;
  lines: readonly string[];
}): Promise<void> {
  const { broker, topic, codec, lines } = options;
  const child = spawn("kcat", ["-P", "-b", broker, "-t", topic, "-z", codec], { stdio: ["pipe", "ignore", "inherit"] });
  const ended = once(child, "close");
  const perWrite = 5_000;
  for (let from = 0; from < lines.length; from += perWrite) {
    const text = lines.slice(from, from + perWrite).join("\n");
    if (!child.stdin.write(`${text}\n`)) await once(child.stdin, "drain");
  }
  child.stdin.end();
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`kcat ended with ${code}`);
}
