import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ClientLoop } from "./client-loops.ts";
import type { Pack } from "./stages.ts";

const run = promisify(execFile);

/** One way to read a topic from its beginning. */
export type KafkaTask = { readonly broker: string; readonly topic: string; readonly records: number } & (
  | { readonly kind: "client"; readonly client: ClientLoop; readonly parse: boolean }
  | { readonly kind: "pipeline"; readonly pack: Pack }
);

/** From when partitions were assigned to the last record (of a pipeline: until all of it is stored). */
export interface KafkaTime {
  readonly ms: number;
  /** Of all threads of the process. */
  readonly cpuMs: number;
  /** Of the values that were read; 0 for a pipeline. */
  readonly bytes: number;
}

/** Reads a topic in a process of its own. */
export async function readTopic(task: KafkaTask): Promise<KafkaTime> {
  const worker = join(import.meta.dirname, "kafka-worker.ts");
  const { stdout } = await run(process.execPath, [worker, JSON.stringify(task)], { maxBuffer: 1024 ** 2 });
  return JSON.parse(stdout) as KafkaTime;
}

/** The same with kcat, which writes each value to nowhere; its time includes the start. */
export async function readWithKcat({ broker, topic }: Pick<KafkaTask, "broker" | "topic">): Promise<KafkaTime> {
  const kcat = `kcat -C -q -b ${broker} -t ${topic} -o beginning -e > /dev/null`;
  const { stderr } = await run("bash", ["-c", `TIMEFORMAT="%R %U %S"; time ${kcat}`]);
  const [real = NaN, user = NaN, system = NaN] = stderr.trim().split(" ").map(Number);
  return { ms: real * 1000, cpuMs: (user + system) * 1000, bytes: 0 };
}
