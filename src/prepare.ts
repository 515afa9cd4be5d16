import type { StartAppOptions } from "./cli/cli-context.ts";
import { createSources } from "./create-sources.ts";
import { claimDataDirectory } from "./data-directory.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { loadProxies } from "./load-proxies.ts";
import { loadRules, type Rules } from "./load-rules.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { createGeoLookup, type GeoDatabase } from "./normalize/geo-lookup.ts";
import type { TrustedNetworks } from "./normalize/trusted-networks.ts";
import type { GroupMembership } from "./source/group-membership.ts";
import type { Source } from "./source/raw-batch.ts";
import { takeStandardInput } from "./standard-input.ts";
import { openStore } from "./store/open-store.ts";
import type { Store } from "./store/store.ts";
import { threadPoolProblem } from "./store/thread-pool.ts";

/** What is there before anything is counted. */
export interface Prepared {
  readonly options: StartAppOptions;
  readonly lifecycle: Lifecycle;
  readonly metrics: Metrics;
  readonly rules: Rules;
  readonly geo: GeoDatabase;
  readonly networks: TrustedNetworks;
  /** Nothing is read from them yet. They are closed last: until then the groups know us as a member. */
  readonly sources: readonly Source[];
  readonly store: Store;
}

export interface PrepareOptions {
  readonly options: StartAppOptions;
  readonly lifecycle: Lifecycle;
  /** Where the groups of the sources decide which instance works. */
  readonly membership?: GroupMembership;
  /** What is read; the sources of the configuration unless given. */
  readonly sources?: (parts: Pick<Prepared, "metrics">) => readonly Source[];
  /** Asked before rows are written; `false`: they are dropped, since another instance writes them. */
  readonly mayWrite?: () => Promise<boolean>;
}

/** Reads the rules, makes the sources, and opens the store. */
export async function prepare({
  options,
  lifecycle,
  membership,
  mayWrite,
  ...more
}: PrepareOptions): Promise<Prepared> {
  const { config, configFile, log, clock, env } = options;
  const { dataDirectory } = config.service;
  const metrics = createMetrics();
  const rules = await loadRules(config, configFile);
  const geo = await createGeoLookup(config.geo);
  const networks = await loadProxies(config, configFile);
  const threads = threadPoolProblem(env["UV_THREADPOOL_SIZE"]);
  if (threads !== undefined) log.warn(threads);

  const stdin = takeStandardInput(config.sources.some(({ type }) => type === "stdin") ? "wanted" : "unwanted");
  lifecycle.onStop("data directory", await claimDataDirectory(dataDirectory));
  const sources = more.sources?.({ metrics }) ?? createSources({ config, stdin, clock, log, metrics, membership });
  for (const source of sources) lifecycle.onStop(`source ${source.name}`, () => source.close());
  const store = await openStore({ config: config.store, dataDirectory, clock, log, metrics, mayWrite });
  lifecycle.onStop("store", () => store.close());
  return { options, lifecycle, metrics, rules, geo, networks, sources, store };
}
