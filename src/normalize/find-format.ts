import type { RawBatch } from "../source/raw-batch.ts";
import type { JsonRecord } from "./log-format.ts";
import type { SourceFormat } from "./source-format.ts";
import { type RecordVisitor, unwrapRecord } from "./unwrap-record.ts";

/** How many of a source's first records its format is found from. */
const samplesToFind = 20;

/** Finds a source's format from its first entries, without rejecting any. */
export function findFormat(format: SourceFormat, records: RawBatch["records"]): void {
  const samples: (JsonRecord | string)[] = [];
  const collector: RecordVisitor = {
    isRecord: (object) => format.knows(object),
    isLine: () => true,
    line: () => false,
    entry: (sample) => void (samples.length < samplesToFind && samples.push(sample)),
    reject() {},
  };
  for (const record of records.slice(0, samplesToFind)) {
    if (samples.length === samplesToFind) break;
    unwrapRecord(record, collector);
  }
  if (samples.length > 0) format.find(samples);
}
