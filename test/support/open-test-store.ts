import { systemClock } from "../../src/clock.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { openStore, type OpenStoreOptions } from "../../src/store/open-store.ts";
import { storeConfig } from "../../src/store/store-config.ts";
import type { Store } from "../../src/store/store.ts";

/** A real store; embedded unless `config` says otherwise. */
export function openTestStore(
  dataDirectory: string,
  config: object = { type: "embedded" },
  options: Partial<OpenStoreOptions> = {},
): Promise<Store> {
  return openStore({
    config: storeConfig.parse(config),
    dataDirectory,
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics(),
    ...options,
  });
}
