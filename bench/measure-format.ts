import { Draft } from "../src/normalize/draft.ts";
import { parseKeyPath } from "../src/normalize/key-path.ts";
import { LineReader } from "../src/normalize/line-reader.ts";
import type { JsonFormat, TextFormat } from "../src/normalize/log-format.ts";
import { proxiesConfig } from "../src/normalize/proxies-config.ts";
import type { RawBatch } from "../src/source/raw-batch.ts";
import { describedFormats, formatCases } from "../test/support/format-cases.ts";
import { aNormalizer, arrivedAt } from "../test/support/normalizing.ts";
import { formatLines } from "./format-lines.ts";
import type { FormatFigures } from "./formats.ts";
import { benchLines } from "./traffic.ts";

/** Short, so that some chunk is left alone by whatever else a machine does. */
const entriesPerChunk = 1_000;
/** Of a format that writes arrays. */
const entriesPerArray = 20;

/**
 * Parses, reads and normalizes the same lines in turns; of each the best chunk counts. Lines of text are
 * held against `JSON.parse` of as many lines of nginx's JSON. Throws when an entry is not read.
 */
export function measureFormat(id: string, chunks: number): FormatFigures {
  const { format, records } = formatCases.find((one) => one.id === id)!;
  const lines = formatLines(records[0]!, entriesPerChunk);
  return format.kind === "json"
    ? measure(id, {
        lines: jsonLines(lines),
        yardstick: jsonLines(lines),
        read: jsonReader(format, records[0]!),
        chunks,
      })
    : measure(id, {
        lines,
        yardstick: benchLines({ lines: entriesPerChunk, clients: 2_000 }),
        read: textReader(format),
        chunks,
      });
}

// helpers

interface Subject {
  readonly lines: readonly string[];
  /** What is parsed for comparison. */
  readonly yardstick: readonly string[];
  readonly read: Read;
  readonly chunks: number;
}

function measure(id: string, { lines, yardstick, read, chunks }: Subject): FormatFigures {
  const normalize = normalizerOf(id, lines);
  const best = { parse: Infinity, read: Infinity, normalize: Infinity };
  const keep = (what: keyof typeof best, run: () => void) => (best[what] = Math.min(best[what], msOf(run)));
  for (let i = 0; i < chunks; i++) {
    keep("parse", () => parseAll(yardstick));
    keep("read", () => expectAll(id, read(lines)));
    keep("normalize", () => expectAll(id, normalize()));
  }
  const ratio = (ms: number) => Number((best.parse / ms).toFixed(3));
  const eventsPerSecond = Math.round((entriesPerChunk / best.normalize) * 1000);
  return { read: ratio(best.read), normalize: ratio(best.normalize), eventsPerSecond };
}

/** Where a line is an array of one entry, longer arrays take their place. */
function jsonLines(lines: readonly string[]): readonly string[] {
  if (!lines[0]!.startsWith("[")) return lines;
  const entries = lines.map((line) => line.slice(1, -1));
  const starts = Array.from({ length: entries.length / entriesPerArray }, (_, i) => i * entriesPerArray);
  return starts.map((start) => `[${entries.slice(start, start + entriesPerArray).join(",")}]`);
}

/** Milliseconds that `run` takes. */
function msOf(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function parseAll(lines: readonly string[]): void {
  for (const line of lines) if (JSON.parse(line) === null) throw new Error("the line holds no object");
}

function expectAll(id: string, entries: number): void {
  if (entries !== entriesPerChunk) throw new Error(`${id}: ${entries} entries were read of ${entriesPerChunk}`);
}

/** Reads lines, and answers how many entries it read. */
type Read = (lines: readonly string[]) => number;

function textReader(format: TextFormat): Read {
  const draft = new Draft();
  return (lines) => {
    let entries = 0;
    for (const line of lines) {
      draft.reset();
      if (format.read(line, draft) === undefined) entries++;
    }
    return entries;
  };
}

/** Reads as the normalizer does once it knows the source's lines. */
function jsonReader(format: JsonFormat, known: string): Read {
  const draft = new Draft();
  const reader = new LineReader(Object.keys(format.keys).map(parseKeyPath));
  reader.learn(known.startsWith("[") ? known.slice(1, -1) : known);
  return (lines) => {
    let entries = 0;
    for (const line of lines) {
      const record = reader.read(line);
      if (record !== undefined) {
        draft.reset();
        if (format.read(record, draft) === undefined) entries++;
        continue;
      }
      const count = reader.readArray(line);
      for (let i = 0; i < count; i++) {
        draft.reset();
        if (format.read(reader.element(i), draft) === undefined) entries++;
      }
    }
    return entries;
  };
}

/** The whole way of the lines to access events, as a service goes it; answers how many there were. */
function normalizerOf(id: string, records: readonly string[]): () => number {
  const proxies = proxiesConfig.parse({ trusted: ["10.0.0.0/8"] });
  const normalizer = aNormalizer({ format: id, proxies, formats: describedFormats });
  const batch: RawBatch = {
    ...{ source: "edge", partition: "edge:bench", records, refused: [] },
    ...{ offsets: records.map((_record, i) => i), next: records.length, receivedAt: arrivedAt },
  };
  return () => normalizer.normalize(batch).events.length;
}
