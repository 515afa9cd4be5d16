import type { RunningService, StartAppOptions } from "./cli/cli-context.ts";
import { Detect } from "./cluster/detect.ts";
import { detectMetrics } from "./cluster/detect-metrics.ts";
import { DetectPartition, type SavedPartition } from "./cluster/detect-partition.ts";
import { PartitionReader } from "./cluster/partition-reader.ts";
import { sharedMembership } from "./cluster/shared-membership.ts";
import { StateTopic } from "./cluster/state-topic.ts";
import { topicSource } from "./cluster/topic-source.ts";
import { TransactionalProducer } from "./cluster/transactional-producer.ts";
import { whenReached } from "./cluster/when-reached.ts";
import { baselineTopicOf } from "./cluster-parts.ts";
import type { BaselineTable } from "./detect/baseline-table.ts";
import { DetectStage } from "./detect/detect-stage.ts";
import { repeatJobs } from "./jobs.ts";
import { pacedSave } from "./paced-save.ts";
import { prepareRole } from "./prepare-role.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { RoleLoad, tellLoadEveryMs } from "./role-load.ts";
import { KafkaSource } from "./source/kafka-source.ts";
import { stateVersion } from "./state-file.ts";
import { createMinuteRows, type MinuteRowsSnapshot } from "./store/minute-rows.ts";

/** Partitions that were added to a source's topic are waited for from then on; and for tables of what is usual. */
const lookEveryMs = 60_000;

/** The name under which tallies are read, as a source's. */
const source = "tallies";

/**
 * The role `detect`: owns some parts of the keys, puts their tallies together, judges, and hands on what
 * it finds. Each part has an engine and a state of its own, so that it moves between instances whole.
 */
export async function startDetect(options: StartAppOptions, lifecycle: Lifecycle): Promise<RunningService> {
  const { config, log, clock } = options;
  const ready = { trouble: "the tallies are being opened" as string | undefined };
  const { cluster, topics, metrics, rules, client, store, partitions } = await prepareRole(options, {
    lifecycle,
    kinds: ["tallies", "state", "detections", "context"],
    ready: () => (ready.trouble === undefined ? detect.behind() : [ready.trouble]),
  });
  // All partitions of the sources: one that nothing was heard of yet holds the watermark back, too.
  let expected = (await whenReached(options, partitions)) ?? [];
  const stages = new Map<string, DetectStage>();
  const baselines = baselineTopicOf({ cluster, client, log });
  let usual: readonly BaselineTable[] = [];
  const learn = async () => {
    const news = await baselines.news();
    if (news === undefined) return;
    usual = news;
    measured.usual(news.at(-1)?.places.size ?? 0);
    for (const [name, partition] of detect.known)
      await partition.between(async () => stages.get(name)?.baselines.load(news));
  };
  const partitionOf = (name: string) => {
    const partition = Number(name.slice(name.lastIndexOf("/") + 1));
    const stage = new DetectStage({
      ...{ detectors: rules.detectors, config: config.detect, clock, maxShare: config.proxies.maxShare },
      part: { index: partition, of: cluster.partitions },
      onMuted: (detector, error) => log.error({ detector, error }, "a detector keeps failing, and is muted"),
    });
    for (const one of expected) stage.watermark.assign(one);
    stage.baselines.load(usual);
    stages.set(name, stage);
    const minutes = createMinuteRows({ write: (table, rows) => store.write(table, rows) });
    const id = `${cluster.prefix}-detect-${partition}`;
    const committer = new TransactionalProducer(client, id);
    const saver = new TransactionalProducer(client, `${id}-state`);
    const state = new StateTopic({
      ...{ client, committer: saver, partition },
      ...{ topic: topics.state.name, version: stateVersion },
    });
    return new DetectPartition<MinuteRowsSnapshot>({
      ...{ minutes, committer, saver, store, detections: topics.detections.name },
      stage: {
        merge(tally, offset) {
          const merged = stage.merge(tally);
          if (merged.problem !== undefined) {
            log.debug({ partition: name, problem: merged.problem }, "a tally was left out, or a part of it");
            measured.refused("tally");
          }
          const unread = merged.minutes && minutes.take(name, merged.minutes, offset);
          if (unread) measured.refused("minutes");
          measured.merged(merged.events);
          return merged.detections;
        },
        tick: () => stage.tick(),
        save: (extent) => stage.save(extent),
        written: (saved) => stage.written(saved),
        load: (saves) => stage.load(...saves),
      },
      state: {
        async load() {
          const { states, problem } = await state.load();
          if (problem !== undefined) log.warn({ partition: name, problem }, "a saved state can't be used; its windows begin anew"); // prettier-ignore
          return states as SavedPartition<MinuteRowsSnapshot>[];
        },
        extent: () => state.extent,
        save: (saved) => state.save(saved, saved.detect.extent),
        confirm: () => state.confirm(),
      },
      async end() {
        const reader = await PartitionReader.open(client, topics.tallies.name, partition);
        try {
          return await reader.end();
        } finally {
          await reader.close();
        }
      },
    });
  };
  const measured = detectMetrics(metrics, () => detect.partitions.keys());
  const tallies = new KafkaSource({
    config: topicSource(cluster, {
      ...{ name: source, topic: topics.tallies.name, group: `${cluster.prefix}-detect` },
    }),
    ...{ clock, log, metrics, payload: "bytes", membership: sharedMembership(clock) },
  });
  const load = new RoleLoad({ clock, metrics, log, sources: [tallies], behindAfter: config.detect.behindAfter });
  const detect: Detect<MinuteRowsSnapshot> = new Detect({
    ...{ partitionOf, load },
    newest: (name) => stages.get(name)?.watermark.newest || undefined,
    restart: (err) => {
      log.warn({ err }, "what was found can't be handed on; it is found again");
      tallies.restart(err);
    },
    onClosed: (name) => stages.delete(name),
    onLost: (err) => log.warn({ err }, "a state could not be saved; what it lacks is found again by whoever is next"),
    onTrouble: (reason) => (ready.trouble = reason === undefined ? undefined : `tallies can't be read: ${reason}`),
  });

  await whenReached(options, learn);
  lifecycle.onStop("reading tallies", () => tallies.close());
  lifecycle.onStop("timers", repeatJobs({ clock, log }, [
    { everyMs: 1_000, run: () => detect.tick() },
    { everyMs: 1_000, run: () => load.look() },
    {
      everyMs: tellLoadEveryMs,
      run() {
        const to = { topic: topics.context.name, partition: 0 };
        return detect.tell(new Map([...load.told()].map(([name, record]) => [name, { ...to, ...record }])));
      },
    },
    {
      everyMs: config.detect.saveEvery,
      run: pacedSave({
        ...{ clock, save: () => detect.save() },
        waitedMs: () => stages.values().reduce((sum, { savingMs }) => sum + savingMs, 0),
      }),
    },
    {
      everyMs: lookEveryMs,
      async run() {
        expected = await partitions();
        for (const stage of stages.values()) for (const one of expected) stage.watermark.assign(one);
      },
    },
    { everyMs: lookEveryMs, run: learn },
  ])); // prettier-ignore
  lifecycle.onStop("parts", async () => {
    await tallies.stop();
    await detect.close();
  });
  await tallies.start(detect);
  ready.trouble = undefined;
  return {
    // Tallies don't end.
    ended: new Promise(() => {}),
    reload: async () => log.warn("this role takes over changes with its next start"),
    stop: async (reason) => {
      log.info({ reason }, "draining");
      await lifecycle.stop();
    },
  };
}
