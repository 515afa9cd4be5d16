import { readFileSync } from "node:fs";
import type { ServiceStatus } from "./api/service-status.ts";
import type { Blocker } from "./block/responder.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { DetectStage } from "./detect/detect-stage.ts";
import type { GeoWatch } from "./geo-watch.ts";
import type { LoadWatch } from "./load-watch.ts";
import type { Normalizer } from "./normalize/normalizer.ts";
import type { PartitionStatus } from "./partition-lag.ts";
import type { BatchOutcome, SourceEvent } from "./pipeline.ts";
import { Rates } from "./rates.ts";
import { shippedPath } from "./shipped-path.ts";
import type { RawBatch } from "./source/raw-batch.ts";
import type { Store } from "./store/store.ts";

export const version = (JSON.parse(readFileSync(shippedPath("package.json"), "utf8")) as { version: string }).version;

/** Keeps what the status shows: rates, how far each source is, which are silent or in trouble. */
export class StatusBoard {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #rates: Rates;
  readonly #troubles = new Map<string, string>();
  readonly #silent = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#rates = new Rates(clock);
  }

  get troubles(): ReadonlyMap<string, string> {
    return this.#troubles;
  }

  saw(batch: RawBatch, { events, rejected }: BatchOutcome): void {
    this.#rates.add(batch.source, events.length);
    this.#rates.add(`${batch.source} rejected`, rejected.length);
  }

  source(event: SourceEvent): void {
    if (event.kind === "trouble" && event.reason !== undefined) this.#troubles.set(event.source, event.reason);
    else if (event.kind !== "ended") this.#troubles.delete(event.source);
  }

  silence(source: string, silentForMs: number | undefined): void {
    if (silentForMs === undefined) this.#silent.delete(source);
    else this.#silent.add(source);
  }

  status(parts: {
    config: Config;
    normalizer: Pick<Normalizer, "coverage" | "formatOf">;
    detect: DetectStage;
    store: Store;
    blocker: Blocker;
    places: Pick<GeoWatch, "status">;
    load: Pick<LoadWatch, "partitions" | "eventsPerSecond"> & { readonly times: Pick<LoadWatch["times"], "shares"> };
  }): ServiceStatus {
    const { config, normalizer, detect, store, blocker, places, load } = parts;
    const partitions = load.partitions();
    const now = this.#clock.now();
    const watermark = detect.watermark.value || undefined;
    const block = blocker.status();
    const sources = config.sources.map((source) =>
      this.#sourceStatus(source, { normalizer, partitions, watermark, load }),
    );
    return {
      service: config.service.name,
      version,
      now,
      startedAt: this.#startedAt,
      eventsPerSecond: sources.reduce((total, one) => total + one.eventsPerSecond, 0),
      rejectedPerSecond: sources.reduce((total, one) => total + one.rejectedPerSecond, 0),
      watermark,
      lagMs: worst(partitions),
      stages: load.times.shares(),
      sources,
      detectors: detect.status().map(({ id, title, mode, coverage, muted, suppressed, usual }) => ({
        ...{ id, title, mode, muted, suppressed, usual },
        ...coverage,
      })),
      geo: places.status(),
      store: store.status(),
      blocking: { mode: block.mode, stopped: block.stopped },
    };
  }

  #sourceStatus(
    { name, type }: Config["sources"][number],
    at: {
      normalizer: Pick<Normalizer, "coverage" | "formatOf">;
      partitions: readonly PartitionStatus[];
      watermark: number | undefined;
      load: Pick<LoadWatch, "eventsPerSecond">;
    },
  ): ServiceStatus["sources"][number] {
    const coverage = at.normalizer.coverage().filter(({ source }) => source === name);
    const events = coverage.reduce((total, { events }) => total + events, 0);
    const certain = coverage.reduce((total, { certainClients }) => total + certainClients, 0);
    const partitions = at.partitions.filter(({ source }) => source === name);
    const formats = coverage.map((one) => ({
      format: one.format,
      events: one.events,
      coverage: mapValues(one.withField, (count) => count / one.events),
      certainClients: one.certainClients / one.events,
    }));
    const shares: Record<string, number> = {};
    for (const { withField } of coverage) {
      for (const [field, count] of Object.entries(withField)) shares[field] = (shares[field] ?? 0) + count / events;
    }
    return {
      name,
      type,
      format: at.normalizer.formatOf(name),
      eventsPerSecond: this.#rates.perSecond(name) + at.load.eventsPerSecond(name),
      rejectedPerSecond: this.#rates.perSecond(`${name} rejected`),
      watermark: at.watermark,
      lagMs: worst(partitions),
      partitions: partitions
        .slice(0, maxPartitions)
        .map(({ partition: of, lagMs, records }) => ({ name: of, lagMs, records })),
      silent: this.#silent.has(name),
      trouble: this.#troubles.get(name),
      formats,
      coverage: shares,
      certainClients: events === 0 ? undefined : certain / events,
    };
  }
}

// helpers

/** A page, not a directory: the source's own figures hold for all of them. */
const maxPartitions = 1_000;

function worst(partitions: readonly PartitionStatus[]): number | undefined {
  return partitions.length === 0 ? undefined : Math.max(...partitions.map(({ lagMs }) => lagMs));
}

function mapValues(
  record: Readonly<Record<string, number>>,
  change: (value: number) => number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
