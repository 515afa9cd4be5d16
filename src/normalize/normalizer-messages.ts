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
  | { readonly kind: "batch"; readonly batch: RawBatch }
  | { readonly kind: "update"; readonly rules: BuilderRules }
  | { readonly kind: "trust"; readonly rules: Pick<BuilderRules, "proxies" | "trusted"> };

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
