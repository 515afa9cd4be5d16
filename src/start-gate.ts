import { join } from "node:path";
import { collectDefaultMetrics } from "prom-client";
import { listenCrowdsec } from "./block/listen-crowdsec.ts";
import type { RunningService, StartAppOptions } from "./cli/cli-context.ts";
import { Gate } from "./cluster/gate.ts";
import { prepareTopics } from "./cluster/prepare-topics.ts";
import { topicsOf } from "./cluster/topics.ts";
import { clusterOf } from "./cluster-parts.ts";
import type { Config } from "./config.ts";
import { type ConfigUpdate, watchConfig } from "./config-reload.ts";
import { placesForBlocking } from "./geo-watch.ts";
import { repeatJobs } from "./jobs.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { loadProxies } from "./load-proxies.ts";
import { createMetrics } from "./metrics.ts";
import { createGeoLookup } from "./normalize/geo-lookup.ts";
import { createIdentities } from "./normalize/identity.ts";
import { fingerprintOf } from "./normalize/trusted-networks.ts";
import { startRoleFront } from "./role-front.ts";
import { createKafkaClient } from "./source/kafka-client.ts";

/** Lists of proxies that were refreshed, and geo databases, are looked for so often. */
const lookMs = 5_000;

/**
 * The role `gate`: answers gateways from the topic of decisions, and needs neither a store nor a source.
 * It writes nothing, and shares no lock: several may run with one configuration.
 */
export async function startGate(options: StartAppOptions, lifecycle: Lifecycle): Promise<RunningService> {
  const { configFile, env, log, clock } = options;
  let { config } = options;
  const cluster = clusterOf(config);
  const metrics = createMetrics();
  collectDefaultMetrics({ register: metrics.registry, prefix: "gatewatch_" });
  const geo = await createGeoLookup(config.geo);
  const networks = await loadProxies(config, configFile);
  const client = await createKafkaClient({ name: "cluster", ...cluster }, log);
  const gate = new Gate({
    ...gateParts(config),
    ...{ client, topic: topicsOf(cluster).decisions.name },
    ...{ proxies: networks.trusted, clock, log, metrics },
    ...placesForBlocking(geo),
  });
  const reasons = new Set(["decisions are being read"]);
  await startRoleFront({
    ...{ config, metrics, clock, log, lifecycle },
    ready: () => [...reasons],
    check: (request) => gate.check(request),
  });
  lifecycle.onStop("gate", () => gate.stop());

  let { fingerprint } = networks;
  const onUpdate = async (update: ConfigUpdate) => {
    if (update.kind === "bad") {
      log.error({ problems: update.problems }, "the configuration can't be used; the last good one stays in force");
      return;
    }
    ({ config } = update);
    gate.update(config.block);
    await lookAtProxies();
    if (update.needsRestart.length > 0) log.warn({ keys: update.needsRestart }, "these hold after a restart");
  };
  /** A file that can't be read keeps the last good list. */
  const lookAtProxies = async () => {
    const found = await fingerprintOf(config.proxies.trusted, config.service.dataDirectory);
    if (found === fingerprint) return;
    fingerprint = found;
    gate.trust((await loadProxies(config, configFile)).trusted);
  };
  const watcher = await watchConfig({
    ...{ file: configFile, env, clock, started: config, onUpdate },
    directoriesOf: (next) => next.endpointFiles,
  });
  lifecycle.onStop("configuration watch", () => watcher.stop());
  const looks = [lookAtProxies, async () => void (await geo.refresh())];
  const jobs = looks.map((run) => ({ everyMs: lookMs, run }));
  lifecycle.onStop("timers", repeatJobs({ clock, log }, jobs));

  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {}); // told by `ended`, which nobody looks at before we return
  const stopping = new AbortController();
  lifecycle.onStop("waiting for brokers", () => stopping.abort());
  const { signal } = stopping;
  // Not waited for: without Kafka it is alive, not ready, and can be stopped.
  void prepareTopics({ client, config: cluster, kinds: ["decisions"], log, clock, signal })
    .then(() => {
      if (!signal.aborted) gate.start();
      return gate.caughtUp;
    })
    .then(async () => {
      // Bouncers that came sooner would be told that nobody is blocked.
      if (config.crowdsec) {
        const bouncers = await listenCrowdsec(config.crowdsec, { ledger: gate.ledger, clock, metrics, log });
        lifecycle.onStop("crowdsec listener", () => bouncers.close());
      }
      reasons.clear();
    })
    .catch(failed.reject);
  return {
    ended: failed.promise,
    reload: () => watcher.reload(),
    stop: async (reason) => {
      log.info({ reason }, "stopping");
      await lifecycle.stop();
    },
  };
}

/** What a gate takes from the configuration. */
export function gateParts(config: Config) {
  const identities = createIdentities(config.privacy.pseudonymKey);
  return {
    config: config.block,
    check: config.api.check,
    stopFile: join(config.service.dataDirectory, "stop-blocking"),
    pseudonym: (user: string) => identities.user(user) ?? user,
    credential: (key: string) => identities.credential(key),
  };
}
