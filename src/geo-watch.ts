import { basename } from "node:path";
import type { ServiceStatus } from "./api/service-status.ts";
import type { GeoLookup as BlockGeo } from "./block/check.ts";
import type { ServiceDetections } from "./incident/service-detections.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { GeoDatabase } from "./normalize/geo-lookup.ts";

export interface GeoWatchOptions {
  readonly geo: GeoDatabase;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly service: Pick<ServiceDetections, "raise" | "clear">;
}

/** Takes over geo databases that change on disk, and tells how old they are and whether one is damaged. */
export class GeoWatch {
  readonly #options: GeoWatchOptions;
  #troubles: ReadonlyMap<string, string> = new Map();

  constructor(options: GeoWatchOptions) {
    this.#options = options;
    const { geo, log } = options;
    if (geo.warning !== undefined) log.warn(geo.warning);
    for (const { path, builtAt } of geo.files()) log.info({ path, builtAt: dayOf(builtAt) }, "places are looked up");
    this.#measure();
  }

  /** Looks whether a file has changed. To be called every few seconds. */
  async look(): Promise<void> {
    const { geo, log, service } = this.#options;
    const { taken, troubles } = await geo.refresh();
    for (const { path, builtAt } of taken) {
      log.info({ path, builtAt: dayOf(builtAt) }, "a changed geo database was taken over");
    }
    const before = this.#troubles;
    this.#troubles = troubles;
    for (const [path, trouble] of troubles) {
      if (before.get(path) !== trouble) log.error({ path, trouble }, "a changed geo database can't be used; the one before stays in use"); // prettier-ignore
    }
    if (troubles.size > 0) service.raise("reload-failed", "geo", [...troubles.values()].join("; "));
    else service.clear("reload-failed", "geo");
  }

  /** For `/v1/status`. */
  status(): ServiceStatus["geo"] {
    return this.#options.geo.files().map(({ path, builtAt }) => ({
      file: basename(path),
      ...(builtAt !== undefined && { builtAt }),
      ...(this.#troubles.has(path) && { trouble: this.#troubles.get(path) }),
    }));
  }

  #measure(): void {
    const { geo, metrics, clock } = this.#options;
    const lookups = metrics.gauge("gatewatch_normalize_geo_lookups_total", "Addresses looked up in the geo databases", [
      "result",
    ]);
    const age = metrics.gauge("gatewatch_normalize_geo_database_age_seconds", "Since a geo database was put together", [
      "file",
    ]);
    const failing = metrics.gauge(
      "gatewatch_normalize_geo_database_failing",
      "1 for a geo database whose file can't be used any more: an older one stays in use",
      ["file"],
    );
    Object.assign(lookups, {
      collect: () => {
        for (const [result, count] of Object.entries(geo.counts())) lookups.set({ result }, count);
      },
    });
    Object.assign(age, {
      collect: () => {
        age.reset();
        for (const { path, builtAt } of geo.files()) {
          if (builtAt !== undefined) age.set({ file: basename(path) }, (clock.now() - builtAt) / 1000);
        }
      },
    });
    Object.assign(failing, {
      collect: () => {
        failing.reset();
        for (const { path } of geo.files()) failing.set({ file: basename(path) }, this.#troubles.has(path) ? 1 : 0);
      },
    });
  }
}

/** What decisions on countries and networks go by; nothing where there is no database. */
export function placesForBlocking({ lookup }: Pick<GeoDatabase, "lookup">): { readonly geo?: BlockGeo } {
  if (lookup === undefined) return {};
  return {
    geo(address) {
      const { country, asn } = lookup.lookup(address) ?? {};
      return { ...(country !== undefined && { country }), ...(asn !== undefined && { asn }) };
    },
  };
}

// helpers

function dayOf(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString().slice(0, 10);
}
