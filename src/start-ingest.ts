import type { RunningService, StartAppOptions } from "./cli/cli-context.ts";
import { Alignment, readMark } from "./cluster/alignment.ts";
import { CompactedTopic } from "./cluster/compacted-topic.ts";
import { Ingest } from "./cluster/ingest.ts";
import { ingestMetrics } from "./cluster/ingest-metrics.ts";
import { IngestPartition } from "./cluster/ingest-partition.ts";
import { routesKey, SharedRoutes } from "./cluster/shared-routes.ts";
import { sharedMembership } from "./cluster/shared-membership.ts";
import { TransactionalProducer } from "./cluster/transactional-producer.ts";
import { whenReached } from "./cluster/when-reached.ts";
import { TallyCounter } from "./detect/tally-counter.ts";
import { createGeoLookup } from "./normalize/geo-lookup.ts";
import { createNormalizer } from "./normalize/normalizer.ts";
import { repeatJobs } from "./jobs.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { RoleLoad, tellLoadEveryMs } from "./role-load.ts";
import { loadProxies } from "./load-proxies.ts";
import { prepareRole } from "./prepare-role.ts";
import { KafkaSource } from "./source/kafka-source.ts";
import { kafkaPartition } from "./source/kafka-session.ts";
import { MinuteTallies } from "./store/minute-tallies.ts";
import type { KafkaSourceConfig } from "./source/source-config.ts";
import { writeRequestRows } from "./store/request-rows.ts";

/** Partitions that were added to a topic are waited for from then on. */
const lookEveryMs = 60_000;

/** What was learned of routes is told to the others so often. */
const tellEveryMs = 1_000;

/**
 * The role `ingest`: reads the Kafka sources' partitions that the group gives it, normalizes, counts,
 * and hands on tallies together with how far it read.
 */
export async function startIngest(options: StartAppOptions, lifecycle: Lifecycle): Promise<RunningService> {
  const { config, configFile, log, clock } = options;
  const geo = await createGeoLookup(config.geo);
  const networks = await loadProxies(config, configFile);
  const ready = { reasons: ["the sources are being opened"] };
  const prepared = await prepareRole(options, {
    lifecycle,
    kinds: ["tallies", "traffic", "context"],
    ready: () => ready.reasons,
  });
  const { cluster, topics, metrics, rules, client, store, sources: configs } = prepared;

  const normalizer = createNormalizer({
    sources: new Map(
      config.sources.map((source) => [source.name, { ...source, gateway: source.gateway ?? source.name }]),
    ),
    ...{ formats: config.formats, metrics, geo: geo.lookup, privacy: config.privacy },
    ...{ endpoints: config.endpoints, proxies: config.proxies, trusted: networks.prefixes, redact: config.redact },
  });
  if (config.detect.shed) log.warn("detect.shed is for one process: the roles leave nothing out; add instances");
  const routes = new SharedRoutes(normalizer);
  const alignment = new Alignment({ clock, latenessMs: config.detect.lateness, idleAfterMs: config.detect.idleAfter });
  const sources = configs.map(
    (source) => new KafkaSource({ config: source, clock, log, metrics, membership: sharedMembership(clock) }),
  );
  const each = (run: (source: KafkaSource) => void) => sources.forEach(run);
  const measured = ingestMetrics(metrics);
  const load = new RoleLoad({ clock, metrics, log, sources, behindAfter: config.detect.behindAfter });
  const ingest = new Ingest({
    ...{ normalizer, alignment, load },
    partitionOf(name) {
      const { source, partition } = placeOf(name, configs);
      const { group, topic } = source;
      const id = `${cluster.prefix}-${group}-${topic}-${partition}`;
      return new IngestPartition({
        name,
        counting: new TallyCounter({
          detectors: rules.detectors,
          config: config.detect,
          partition: name,
          parts: cluster.partitions,
          minutes: new MinuteTallies(cluster.partitions),
        }),
        committer: measured.timed(new TransactionalProducer(client, id)),
        from: { group, topic, partition },
        topics: { tallies: topics.tallies.name, traffic: topics.traffic.name, context: topics.context.name },
      });
    },
    restart: (name, error) => {
      log.warn({ partition: name, err: error }, "what was counted can't be handed on; it is read again");
      sources.find((source) => name.startsWith(`${source.name}:`))?.restart(error);
    },
    pause: (names) => each((source) => names.forEach((name) => source.pause(name))),
    resume: (names) => each((source) => names.forEach((name) => source.resume(name))),
    keep: (batch, read) =>
      writeRequestRows(
        (table, rows) => store.write(table, rows),
        { partition: batch.partition, read, now: clock.now() },
        { keepAccessEvents: config.store.retention.accessEvents !== "off" },
      ),
    observe: (batch, { events }) => measured.counted(batch.source, events),
    onTrouble: (source, reason) => {
      if (reason === undefined) ready.reasons = [];
      else ready.reasons = [`${source} can't be read: ${reason}`];
    },
  });

  // How far all partitions are, ours when another had them before, and which there are at all.
  const marks = new CompactedTopic({
    ...{ client, topic: topics.context.name, clock, log },
    onRecords(records) {
      for (const { key, value } of records) {
        if (key === undefined || value === undefined) continue;
        const mark = readMark(key, value.toString());
        if (mark) alignment.told(mark.partition, mark.newest);
        else if (key === routesKey && !routes.take(value.toString()))
          log.warn("what another version learned of routes was left out");
      }
    },
  });
  marks.start();
  lifecycle.onStop("context", () => marks.stop());
  const look = async () => (await prepared.partitions()).forEach((name) => alignment.expect(name));
  await whenReached(options, look);
  // Else the first lines would be given routes as if nobody had learned any.
  await marks.caughtUp;

  for (const source of sources) lifecycle.onStop(`source ${source.name}`, () => source.close());
  lifecycle.onStop(
    "timers",
    repeatJobs({ clock, log }, [
      { everyMs: cluster.flushEvery, run: () => ingest.flush() },
      { everyMs: lookEveryMs, run: look },
      { everyMs: 1_000, run: () => load.look() },
      {
        everyMs: tellLoadEveryMs,
        run() {
          for (const [name, record] of load.told())
            ingest.partitions.get(name)?.send({ topic: topics.context.name, partition: 0, ...record });
        },
      },
      {
        everyMs: tellEveryMs,
        run() {
          const [partition] = ingest.partitions.values();
          const value = partition && routes.news();
          if (value) partition.send({ topic: topics.context.name, partition: 0, key: routesKey, value });
        },
      },
    ]),
  );
  for (const source of sources) {
    lifecycle.onStop(`reading ${source.name}`, async () => {
      await source.stop();
      await ingest.revoked([...ingest.partitions.keys()].filter((name) => name.startsWith(`${source.name}:`)));
    });
    await source.start(ingest);
  }
  ready.reasons = [];
  return {
    // Topics don't end.
    ended: new Promise(() => {}),
    reload: async () => log.warn("this role takes over changes with its next start"),
    stop: async (reason) => {
      log.info({ reason }, "draining");
      await lifecycle.stop();
    },
  };
}

// helpers

/** The source and the partition that a name of `RawBatch` stands for. */
function placeOf(name: string, sources: readonly KafkaSourceConfig[]) {
  const partition = Number(name.slice(name.lastIndexOf("/") + 1));
  const source = sources.find((one) => kafkaPartition(one, partition) === name);
  if (source === undefined) throw new Error(`no source has the partition ${name}`);
  return { source, partition };
}
