import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ForwardedCallers } from "./api/forwarded-callers.ts";
import type { RunningService, StartAppOptions } from "./cli/cli-context.ts";
import type { TopicKind } from "./cluster/cluster-config.ts";
import type { ClusterLoad } from "./cluster/cluster-load.ts";
import { CompactedTopic, type CompactedRecord } from "./cluster/compacted-topic.ts";
import { Leadership } from "./cluster/leadership.ts";
import { prepareTopics } from "./cluster/prepare-topics.ts";
import { Standby } from "./cluster/standby.ts";
import { StateTopic } from "./cluster/state-topic.ts";
import { topicsOf } from "./cluster/topics.ts";
import { Fenced, TransactionalProducer, Undecided } from "./cluster/transactional-producer.ts";
import { loadConsole } from "./console/load-console.ts";
import { baselineTopicOf, clusterOf } from "./cluster-parts.ts";
import { detectorDirectories, runbookDirectories } from "./config-files.ts";
import { watchConfig } from "./config-reload.ts";
import { GatewatchError } from "./errors.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { type Prepared, prepare } from "./prepare.ts";
import { version } from "./service-status.ts";
import { createKafkaClient, errorText } from "./source/kafka-client.ts";
import type { Source } from "./source/raw-batch.ts";
import { startAsking, startRunning } from "./start-commands.ts";
import { startDecisions } from "./start-decisions.ts";
import { startAll, type Ways } from "./start-all.ts";
import { stateVersion } from "./state-file.ts";
import { storedActs } from "./stored-acts.ts";
import { createWarmGate } from "./start-warm-gate.ts";
import { WarmFront } from "./warm-front.ts";

/** What one of several instances reads, and what it does with that. */
export interface WarmRole {
  /** Topics it works with. */
  readonly topics: readonly TopicKind[];
  /** The partition of the topic `state` that its state is in. */
  readonly statePartition: number;
  /** What it reads; the sources of the configuration unless given. */
  readonly sources?: (parts: Pick<Prepared, "metrics"> & { readonly membership: Leadership }) => readonly Source[];
  readonly flow?: Ways["flow"];
  readonly part?: Ways["part"];
  /** What other roles have to do; told of what they say in the topic `context`. */
  readonly elsewhere?: ClusterLoad;
}

const all: WarmRole = { topics: ["state", "decisions", "commands"], statePartition: 0 };

/**
 * One of several instances of which one works: of `all`, or of `respond`. It starts warm, with all that
 * needs no state; the groups of its sources decide who leads. Whoever does takes the state over, fences
 * who had it before, and goes on.
 */
export async function startWarm(
  options: StartAppOptions,
  lifecycle: Lifecycle,
  role: WarmRole = all,
): Promise<RunningService> {
  const { config, configFile, env, log, clock } = options;
  const cluster = clusterOf(config);
  const instance = randomUUID();
  const leadership = new Leadership({ clock, instance });
  const mayAct = () => leadership.assured();
  // Rows that an earlier life had not written yet: whoever led after it has found them again.
  await rm(join(config.service.dataDirectory, "journal"), { recursive: true, force: true });
  const prepared = await prepare({
    ...{ options, lifecycle, membership: leadership, mayWrite: mayAct },
    ...(role.sources && { sources: ({ metrics }) => role.sources!({ metrics, membership: leadership }) }),
  });
  const { sources, metrics } = prepared;

  const reasons = new Map([["role", "warm: another instance leads, or none does yet"]]);
  const client = await createKafkaClient({ name: "cluster", ...cluster }, log);
  const parts = { client, cluster, lifecycle, clock, log, metrics };
  const { gate, ...warmGate } = createWarmGate(prepared, client);
  const asker = startAsking(parts);
  const callers = new ForwardedCallers(config.api.tokens);
  const { publicUrl } = config.service;
  const front = new WarmFront({
    ...{ config: config.api, publicUrl, version, metrics, clock, log, pages: await loadConsole() },
    check: (request) => gate.check(request),
    forwarding: { forward: (request) => asker.ask(request), leader: () => gate.leader },
    reasons: () => [...reasons.values()],
  });
  lifecycle.onStop("front", () => front.close());
  log.info({ address: await front.listen(), instance }, "listening, and warm");

  await prepareTopics({ client, config: cluster, kinds: role.topics, log, clock });
  warmGate.start();
  if (role.elsewhere) {
    const onRecords = (records: readonly CompactedRecord[]) => role.elsewhere!.take(records);
    const said = new CompactedTopic({ client, topic: topicsOf(cluster).context.name, clock, log, onRecords });
    said.start();
    lifecycle.onStop("what other roles say", () => said.stop());
  }
  const { name: topic } = topicsOf(cluster).state;
  const { statePartition: partition } = role;
  const committer = new TransactionalProducer(client, `${cluster.prefix}-state-${partition}`);
  lifecycle.onStop("state producer", () => committer.close());
  // Ready to take over at once; should it fail, it is tried again then.
  await committer.connect().catch((error: unknown) => log.warn({ error: errorText(error) }, "can't connect early"));
  const state = new StateTopic({ client, topic, partition, version: stateVersion, committer });
  const written = async (write: Promise<void>) => {
    try {
      await write;
    } catch (error) {
      if (error instanceof Fenced || error instanceof Undecided) leadership.lose(error.message);
      throw error;
    }
  };

  const onFenced = (error: Error) => leadership.lose(error.message);
  const usual = baselineTopicOf({ cluster, client, log });
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {}); // told by `ended`, which nobody looks at before we return
  const running: { all?: RunningService } = {};
  const standby = new Standby({
    async begin() {
      const since = clock.monotonic();
      try {
        await committer.open();
        leadership.begin();
        log.info({ instance }, "taking over");
        watcher.stop();
        await warmGate.giveWay();
        const { pipeline, service } = await startAll(prepared, {
          state: {
            load: () => state.load(),
            extent: () => state.extent,
            async save(saved) {
              if (!(await mayAct())) throw new Error("another instance leads");
              await written(state.save(saved, saved.detect.extent));
            },
          },
          baselines: {
            noticeMs: usual.noticeMs,
            load: () => usual.load(),
            async save(tables) {
              if (!(await mayAct())) throw new Error("another instance leads");
              await usual.save(tables);
            },
          },
          mayAct,
          lost: leadership.signal,
          services: (services) => storedActs(services, { store: prepared.store, clock }),
          decides: (ledger) => startDecisions({ ...parts, ledger, leader: publicUrl, mayAct, onFenced }),
          forwarded: callers,
          listen: async (api) => {
            startRunning({ ...parts, api, callers, mayAct, onFenced });
            lifecycle.onStop("showing the api", () => front.hide());
            await front.show(api);
            return `${config.api.listen.host}:${config.api.listen.port}`;
          },
          read: () => Promise.resolve(),
          ...(role.flow && { flow: role.flow }),
          ...(role.part && { part: role.part }),
          ...(role.elsewhere && { elsewhere: () => role.elsewhere!.all() }),
        });
        running.all = service;
        log.info({ instance, tookMs: Math.round(clock.monotonic() - since) }, "this instance leads");
        return pipeline;
      } catch (error) {
        if (error instanceof GatewatchError) failed.reject(error);
        else log.error({ err: error }, "can't take over");
        leadership.lose("it could not take over");
        throw error;
      }
    },
    prove: () =>
      written(committer.commit({ messages: [{ topic, partition, key: `${partition}/leader`, value: instance }] })),
    onTrouble: (source, reason) =>
      reason === undefined ? reasons.delete(source) : reasons.set(source, `${source} can't be read: ${reason}`),
  });
  const watcher = await watchConfig({
    ...{ file: configFile, env, clock, started: config },
    onUpdate: (update) => {
      if (update.kind === "good") leadership.lose("the configuration has changed");
      else
        log.error({ problems: update.problems }, "the configuration can't be used; the last good one stays in force");
    },
    directoriesOf: (next) => [...detectorDirectories(next), ...runbookDirectories(next), ...next.endpointFiles],
  });
  lifecycle.onStop("configuration watch", () => watcher.stop());
  // Warm from this moment on, whatever takes its time to stop.
  void leadership.lost.then(() => front.hide());

  await Promise.all(sources.map((source) => source.start(standby)));
  return {
    ended: failed.promise,
    lost: leadership.lost,
    reload: () => running.all?.reload() ?? watcher.reload(),
    stop: async (reason) => {
      log.info({ reason }, "draining");
      await standby.settled();
      await lifecycle.stop();
    },
  };
}
