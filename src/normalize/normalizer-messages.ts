import type { RawBatch } from "../source/raw-batch.ts";
import type { FieldCoverage, RejectedRecord } from "./access-event.ts";
import type { BuilderRules } from "./event-builder.ts";
import type { EventColumns } from "./event-columns.ts";
import type { NormalizeFigures } from "./normalize-metrics.ts";
import type { NormalizerOptions } from "./normalizer.ts";
import type { LearnedRoutes } from "./route-learner.ts";

/** What a thread that normalizes begins with. */
export type ThreadOptions = Omit<NormalizerOptions, "metrics" | "geo">;

/** What it is sent; batches are answered in their order. */
export type ToThread =
  | { readonly kind: "batch"; readonly batch: SentBatch }
  | { readonly kind: "update"; readonly rules: BuilderRules }
  | { readonly kind: "trust"; readonly rules: Pick<BuilderRules, "proxies" | "trusted"> };

/** A batch whose records, where all are text, are one text and where each ends: copied at once. */
export type SentBatch = Omit<RawBatch, "records"> & {
  readonly records: RawBatch["records"] | { readonly text: string; readonly ends: Int32Array };
};

/** What became of a batch, and what is known of its source after it. */
export interface FromThread {
  readonly columns: EventColumns;
  readonly rejected: readonly RejectedRecord[];
  readonly figures: NormalizeFigures;
  readonly coverage: readonly FieldCoverage[];
  readonly format: string | undefined;
  /** Where something new was learned. */
  readonly learned: LearnedRoutes | undefined;
}

/** Joined texts cost a tenth of single ones to copy. */
export function sentBatch(batch: RawBatch): SentBatch {
  const { records } = batch;
  if (!records.every((record) => typeof record === "string")) return batch;
  const ends = new Int32Array(records.length);
  let end = 0;
  for (let i = 0; i < records.length; i++) ends[i] = end += records[i]!.length;
  return { ...batch, records: { text: records.join(""), ends } };
}

/** The batch that was sent. */
export function receivedBatch(sent: SentBatch): RawBatch {
  if (!("text" in sent.records)) return { ...sent, records: sent.records };
  const { text, ends } = sent.records;
  return { ...sent, records: Array.from(ends, (end, i) => text.slice(i === 0 ? 0 : ends[i - 1], end)) };
}
