import { Readable } from "node:stream";
import type { Envelope } from "../normalize/envelope.ts";
import { isGzip } from "../source/inflate.ts";
import type { RawBatch } from "../source/raw-batch.ts";
import { readPayload } from "../source/record-payload.ts";
import { BatchReader } from "./batch-reader.ts";
import type { CliContext } from "./cli-context.ts";
import { readLogs } from "./read-logs.ts";
import { findLogs } from "./try-files.ts";

/** What to explain, and how it is cut into records. */
export interface ExplainInput {
  /** A record itself, in place of a file. */
  readonly line: string | undefined;
  /** `-` is standard input. */
  readonly file: string;
  /** The whole input is one record, as a message of Kafka is; else each line is one. */
  readonly whole: boolean;
  /** What the source is called. */
  readonly source: string;
  readonly maxRecordBytes: number;
}

/** Takes records, and what a transport would take off them beforehand; `enough`: and wants no more. */
export type TakeRecords = (batch: RawBatch, outer: readonly Envelope[]) => void | "enough";

/** Hands over the records, until there are no more or `take` has enough. Throws `LOGS_UNREADABLE`. */
export async function readInput(input: ExplainInput, take: TakeRecords, context: CliContext): Promise<void> {
  const { line, file, whole, source, maxRecordBytes } = input;
  const takeOne = (bytes: Buffer) =>
    void take(oneRecord(bytes, { input, now: context.clock.now() }), isGzip(bytes) ? ["gzip"] : []);
  if (line !== undefined) {
    takeOne(Buffer.from(line));
    return;
  }
  const [log] = await findLogs([file], context.stdin);
  const stream = log!.open();
  if ((stream as { isTTY?: boolean }).isTTY) context.stderr("Paste a record, then press Ctrl-D.\n");
  const chunks = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (first.done) return;
  // Lines may begin with an empty one; so does OTLP in protobuf, which has no lines.
  const mayBeBytes = first.value[0] === lineFeed;
  const begin = whole || mayBeBytes ? await joined(first.value, { chunks, maxBytes: maxRecordBytes }) : first.value;
  if (whole || (mayBeBytes && typeof readPayload(begin, maxRecordBytes) !== "string")) {
    takeOne(begin);
    return;
  }
  const brokenOff = new Map<string, string>();
  const reader = new BatchReader((batch) => take(batch, []));
  const lines = { name: source, bytes: undefined, open: () => Readable.from(chain(begin, chunks)) };
  await readLogs([lines], { to: reader, brokenOff, clock: context.clock, maxRecordBytes });
  for (const reason of brokenOff.values()) context.stderr(`Note: the input broke off: ${reason}\n`);
}

// helpers

const lineFeed = 10;

interface Rest {
  readonly chunks: AsyncIterator<Buffer>;
  readonly maxBytes: number;
}

/** The first chunk and those after it, up to one that makes it more than `maxBytes`. */
async function joined(first: Buffer, { chunks, maxBytes }: Rest): Promise<Buffer> {
  const all = [first];
  let bytes = first.length;
  while (bytes <= maxBytes) {
    const next = await chunks.next();
    if (next.done) break;
    all.push(next.value);
    bytes += next.value.length;
  }
  return Buffer.concat(all);
}

async function* chain(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* { [Symbol.asyncIterator]: () => rest };
}

/** A message as a transport would hand it over. */
function oneRecord(bytes: Buffer, { input, now }: { readonly input: ExplainInput; readonly now: number }): RawBatch {
  const { source, maxRecordBytes } = input;
  const record = readPayload(bytes, maxRecordBytes);
  const batch = { source, partition: `${source}:explain`, next: 1, receivedAt: now };
  return typeof record === "string" || record instanceof Uint8Array
    ? { ...batch, records: [record], offsets: [0], refused: [] }
    : { ...batch, records: [], offsets: [], refused: [{ offset: 0, ...record }] };
}
