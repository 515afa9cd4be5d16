import { Worker } from "node:worker_threads";
import type { Metrics } from "../metrics.ts";
import type { RawBatch } from "../source/raw-batch.ts";
import type { FieldCoverage, NormalizedBatch } from "./access-event.ts";
import { AddedPlaces } from "./added-places.ts";
import type { BuilderRules } from "./event-builder.ts";
import { EventColumnsReader } from "./event-columns-reader.ts";
import type { GeoLookup } from "./geo-place.ts";
import { NormalizeCounting } from "./normalize-metrics.ts";
import type { Normalizer } from "./normalizer.ts";
import type { FromThread, ThreadOptions, ToThread } from "./normalizer-messages.ts";
import type { LearnedRoutes } from "./route-learner.ts";

/** Makes events of raw records ahead of those who want them. */
export interface NormalizerAhead extends Pick<
  Normalizer,
  "coverage" | "formatOf" | "learnedRoutes" | "update" | "trust"
> {
  /** Begins with a batch; the function waits for it, and is to be called in the order in which batches were begun. */
  begin(batch: RawBatch): () => Promise<NormalizedBatch>;
}

/**
 * A normalizer in a thread of its own: its lines go there as they are, and its events come back as columns. Places
 * are looked up here, so that their databases are in memory once. What it tells of formats, fields and routes
 * is as of the batch that was waited for last, however far the thread is ahead.
 */
export class NormalizerThread implements NormalizerAhead {
  readonly #worker: Worker;
  readonly #geo: GeoLookup | undefined;
  readonly #counting: NormalizeCounting;
  readonly #reader = new EventColumnsReader();
  readonly #places = new AddedPlaces();
  /** Who waits for an answer, the oldest first. */
  readonly #waiting: { resolve: (answer: FromThread) => void; reject: (error: Error) => void }[] = [];
  readonly #coverage = new Map<string, readonly FieldCoverage[]>();
  readonly #formats = new Map<string, string>();
  #learned: LearnedRoutes;
  #failed: Error | undefined;

  constructor(options: ThreadOptions & { readonly geo: GeoLookup | undefined; readonly metrics: Metrics }) {
    const { geo, metrics, ...workerData } = options;
    this.#geo = geo;
    this.#counting = new NormalizeCounting(metrics);
    this.#learned = options.learned ?? { open: false, children: [] };
    this.#worker = new Worker(workerFile(), { workerData });
    this.#worker.on("message", (answer: FromThread) => this.#waiting.shift()!.resolve(answer));
    this.#worker.on("error", (error: Error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("the thread that normalizes has ended")));
  }

  begin(batch: RawBatch): () => Promise<NormalizedBatch> {
    const answer = new Promise<FromThread>((resolve, reject) => {
      if (this.#failed) reject(this.#failed);
      else this.#waiting.push({ resolve, reject });
    });
    // Whoever waits is told; before that nobody may wait yet.
    answer.catch(() => {});
    if (!this.#failed) this.#tell({ kind: "batch", batch });
    return async () => this.#take(batch.source, await answer);
  }

  coverage(): FieldCoverage[] {
    return [...this.#coverage.values()].flat().map((one) => this.#places.addTo(one));
  }

  formatOf(source: string): string | undefined {
    return this.#formats.get(source);
  }

  learnedRoutes(): LearnedRoutes {
    return this.#learned;
  }

  update(rules: BuilderRules): void {
    this.#tell({ kind: "update", rules });
  }

  trust(rules: Pick<BuilderRules, "proxies" | "trusted">): void {
    this.#tell({ kind: "trust", rules });
  }

  /** Ends the thread; nothing is begun afterwards. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #take(source: string, answer: FromThread): NormalizedBatch {
    const { columns, rejected, figures, coverage, format, learned } = answer;
    const batch = { ...this.#reader.read(columns), rejected };
    if (this.#geo !== undefined) this.#places.add(batch.events, { source, format, geo: this.#geo });
    this.#counting.count(source, batch, figures);
    this.#coverage.set(source, coverage);
    if (format !== undefined) this.#formats.set(source, format);
    this.#learned = learned ?? this.#learned;
    return batch;
  }

  #tell(message: ToThread): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    this.#worker.postMessage(message);
  }

  #fail(error: Error): void {
    this.#failed ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failed);
  }
}

// helpers

/** Beside this file, in the language that this one is run in. */
function workerFile(): URL {
  return new URL(
    import.meta.url.endsWith(".ts") ? "./normalizer-worker.ts" : "./normalizer-worker.js",
    import.meta.url,
  );
}
