import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { ApiServices } from "./api/api-services.ts";
import { createApi } from "./api/create-api.ts";
import type { ForwardedCallers } from "./api/forwarded-callers.ts";
import type { DecisionLedger } from "./block/ledger.ts";
import { listenCrowdsec } from "./block/listen-crowdsec.ts";
import { createBlocker } from "./block/responder.ts";
import { createWebhookEnforcer } from "./block/webhook-enforcer.ts";
import { BaselineLearner } from "./baseline-learner.ts";
import type { BaselineTables } from "./baseline-tables.ts";
import type { RunningService } from "./cli/cli-context.ts";
import { guardEnforcer, guardNotifiers } from "./cluster/guarded.ts";
import { detectorDirectories, runbookDirectories } from "./config-files.ts";
import { watchConfig } from "./config-reload.ts";
import { loadConsole } from "./console/load-console.ts";
import { CoverageLog } from "./detect/coverage-log.ts";
import { createShedding } from "./create-shedding.ts";
import { DetectStage } from "./detect/detect-stage.ts";
import type { Part } from "./detect/key-division.ts";
import type { Detection } from "./detect/detection.ts";
import { Ended } from "./ended.ts";
import { GeoWatch, placesForBlocking } from "./geo-watch.ts";
import { createIncidents } from "./incident/incidents.ts";
import { QueryRules } from "./incident/query-rules.ts";
import { createServiceDetections } from "./incident/service-detections.ts";
import { repeatJobs } from "./jobs.ts";
import { LiveTrials } from "./live-trials.ts";
import type { Rules } from "./load-rules.ts";
import { loadStates, type StateStore } from "./load-states.ts";
import { eventLoopIdle, LoadWatch, type LoadWatchOptions } from "./load-watch.ts";
import { createIdentities } from "./normalize/identity.ts";
import { createNotifiers } from "./notify/create-notifiers.ts";
import type { ChannelsConfig } from "./notify/notify-config.ts";
import { createPager } from "./notify/pager.ts";
import { pacedSave } from "./paced-save.ts";
import { openNormalizer } from "./open-normalizer.ts";
import { type Flow, Pipeline, type PipelineOptions } from "./pipeline.ts";
import type { Prepared } from "./prepare.ts";
import { ProxyWatch } from "./proxy-watch.ts";
import { createReload } from "./reload.ts";
import { reportStore } from "./report-store.ts";
import { serviceApi } from "./service-api.ts";
import { measureService } from "./service-metrics.ts";
import { StatusBoard, version } from "./service-status.ts";
import { HttpSource } from "./source/http-source.ts";
import { SilenceWatch } from "./source/silence.ts";
import { createMinuteRows } from "./store/minute-rows.ts";

/** Deliveries under way are waited for so long at a stop; the rest is sent by the next start. */
const pagesWithinMs = 3_000;

/** What one instance alone does otherwise than one of several. */
export interface Ways {
  readonly state: StateStore;
  /** Where what is usual at an hour of the week is kept. */
  readonly baselines: BaselineTables;
  /** Asked before each page and each word to a gateway; `false`: another instance does it. */
  readonly mayAct: () => Promise<boolean>;
  /** Aborted once another instance has taken over: nothing is saved any more. */
  readonly lost: AbortSignal;
  /** What the API speaks to, made to fit. */
  readonly services: (services: ApiServices) => ApiServices;
  /** Told of the ledger once it is loaded. */
  readonly decides?: (ledger: DecisionLedger) => void;
  /** Who asked for what other instances have handed on. */
  readonly forwarded?: ForwardedCallers;
  /** Shows the API; resolves to its address. */
  readonly listen: (api: FastifyInstance) => Promise<string>;
  /** Begins to read. */
  readonly read: (pipeline: Flow) => Promise<void>;
  /** What is done with what is read: all of it, unless other instances count and judge. */
  readonly flow?: (options: PipelineOptions) => Flow;
  /** Which part of what is counted comes here; all, unless given. */
  readonly part?: Part;
  /** What other instances read. */
  readonly elsewhere?: LoadWatchOptions["elsewhere"];
}

/**
 * Starts all stages in this process, from what was saved to the sources, which come last; what it
 * started is stopped in reverse.
 */
export async function startAll(
  { options, lifecycle, metrics, rules, geo, networks, sources, store }: Prepared,
  ways: Ways,
): Promise<{ readonly pipeline: Flow; readonly service: RunningService }> {
  const { config, configFile, log, clock } = options;
  const { dataDirectory, publicUrl } = config.service;
  const saves = await loadStates(ways.state, log);
  const saved = saves.at(-1);

  // The stages, the last first: each is given the ones it hands on to.
  const board = new StatusBoard(clock);
  const service = createServiceDetections({
    clock,
    emit: (detection) => void respond([detection]).catch((err: unknown) => log.error({ err }, "a report was lost")),
  });
  const identities = createIdentities(config.privacy.pseudonymKey);
  const trials = new LiveTrials(rules.detectors);
  const shedding = createShedding({ ...{ config: config.detect.shed, clock, metrics }, report: (text) => report("shedding", "detect", text) }); // prettier-ignore
  const detect = new DetectStage({
    detectors: rules.detectors,
    watcher: trials.watcher,
    config: config.detect,
    ...{ clock, shedding },
    maxShare: config.proxies.maxShare,
    part: ways.part,
    onMuted: (detector, error) => service.raise("detector-muted", detector, `${detector} keeps failing: ${error}`),
  });
  const blocker = createBlocker({
    ...{ store, clock, log, metrics },
    facts: detect.memory,
    config: config.block,
    ...{ proxies: networks.trusted, providers: networks.providers },
    check: config.api.check,
    timeline: (line) => incidents.addEvent(line.incident, { ...line, cause: line.id }),
    onDecision: (decision) => trials.decided(decision),
    enforcers: config.gateways.map((gateway) =>
      guardEnforcer(createWebhookEnforcer({ ...gateway, clock }), ways.mayAct),
    ),
    onTrouble: (gateway, text) => report("gateway-failing", gateway, text),
    stopFile: join(dataDirectory, "stop-blocking"),
    ...placesForBlocking(geo),
    pseudonym: (user) => identities.user(user) ?? user,
    credential: (key) => identities.credential(key),
  });
  const notifiers = (channels: ChannelsConfig) => guardNotifiers(createNotifiers(channels, clock), ways.mayAct);
  const pager = createPager({
    ...{ store, clock, log, metrics, publicUrl },
    teams: config.teams,
    channels: notifiers(config.channels),
    service: config.service.name,
    perTeamPerHour: config.pages.perTeamPerHour,
    timeline: (incident, event) => incidents.addEvent(incident, event),
    trouble: (channel, text) => report("channel-failing", channel, text),
  });
  const incidents = createIncidents({
    ...{ store, clock, log, metrics },
    runbooks: rules.runbooks,
    teams: Object.keys(config.teams),
    // Blocking first: it is the faster of the two, and what helps.
    onChange: async (change) => {
      await blocker.changed(change);
      await pager.changed(change);
      trials.changed(change);
    },
  });
  const respond = async (detections: readonly Detection[]) => {
    await incidents.detections(detections);
    trials.detections(detections);
  };
  const report = (kind: Parameters<typeof service.raise>[0], name: string, text: string | undefined) =>
    text === undefined ? service.clear(kind, name) : service.raise(kind, name, text);

  const before = await incidents.load();
  await blocker.load(saved?.trials?.hits);
  trials.load(saved?.trials, blocker.ledger);
  lifecycle.onStop("blocking", () => blocker.stop());
  ways.decides?.(blocker.ledger);
  await pager.load();
  lifecycle.onStop("pages", () => pager.stop(pagesWithinMs));
  service.restore(before.detections);

  // The pipeline, from the sources to the detections.
  const silence = new SilenceWatch({
    clock,
    sources: config.sources,
    onChange: (source, ms) => {
      board.silence(source, ms);
      report(
        "source-silent",
        source,
        ms === undefined ? undefined : `Nothing came from ${source} for ${Math.round(ms / 1000)} s`,
      );
    },
  });
  const normalizer = openNormalizer({
    ...{ config, metrics, lifecycle, geo: geo.lookup, trusted: networks.prefixes, learned: saved?.routes },
  });
  const minutes = createMinuteRows({
    write: (table, rows) => store.write(table, rows),
    keepAccessEvents: config.store.retention.accessEvents !== "off",
  });
  if (saved) {
    detect.load(...saves.map((one) => one.detect));
    minutes.restore(saved.minutes);
  }
  const ended = new Ended(config.sources.map(({ name }) => name));
  const load = new LoadWatch({
    ...{ onLag: (lagMs) => shedding?.look(lagMs), elsewhere: ways.elsewhere },
    ...{ clock, metrics, sources, idle: eventLoopIdle, behindAfter: config.detect.behindAfter },
    report: (source, text) => report("falling-behind", source, text),
  });
  const { flow = (given: PipelineOptions) => new Pipeline(given) } = ways;
  const pipeline = flow({
    ...{ clock, normalizer, detect, minutes, trials, store, respond, sources, saved, load },
    save: (state) => ways.state.save(state),
    extent: () => ways.state.extent(),
    onSource: (event) => {
      board.source(event);
      if (event.kind === "arrived") silence.arrived(event.source);
      else if (event.kind === "ended") {
        silence.ended(event.source);
        ended.add(event.source);
      } else if (event.kind === "trouble")
        report("source-trouble", event.source, event.reason && `${event.source} can't be read: ${event.reason}`);
    },
    onStuck: (err) => log.error({ err }, "detections can't be saved; trying again"),
    observe: (batch, outcome) => {
      board.saw(batch, outcome);
      for (const event of outcome.events) blocker.seen(event);
      trials.saw(outcome.events, detect.watermark.value);
    },
  });
  const proxies = new ProxyWatch({
    ...{ networks, dataDirectory, clock, log, metrics, normalizer, blocker, service },
    ...{ proxies: config.proxies, memory: detect.memory },
  });
  const learner = new BaselineLearner({ store, clock, log, metrics, detect, pipeline, config, tables: ways.baselines });
  await learner.load();
  const places = new GeoWatch({ geo, clock, log, metrics, service });
  const query = new QueryRules({ ...{ store, clock, log, metrics, service }, runbooks: rules.runbooks, emit: respond });
  let current: Rules = rules;
  const coverage = new CoverageLog(log);
  const status = () => board.status({ config, normalizer, detect, store, blocker, places, load });
  measureService({ metrics, status, detect, trials });

  // Gateways and people can ask from here on.
  const ready = { sources: false };
  const api = createApi({
    config: config.api,
    services: ways.services(serviceApi({
      ...{ store, incidents, pager, blocker, status, detect, trials, rules: () => current },
      httpSources: sources.filter((source) => source instanceof HttpSource),
      maxLogBytes: Math.max(0, ...config.sources.map((source) => (source.type === "http" ? source.maxBodyBytes : 0))),
      ready: () => [
        ...(store.status().reachable ? [] : ["the store does not answer"]),
        ...(store.status().journalError === undefined ? [] : ["the disk takes nothing"]),
        ...(ready.sources ? [] : ["the sources are being opened"]),
      ],
    })), // prettier-ignore
    pages: await loadConsole(),
    ...{ publicUrl, version, metrics, clock, log, forwarded: ways.forwarded },
  });
  lifecycle.onStop("api", () => api.close());
  const address = await ways.listen(api);
  if (config.crowdsec) {
    const bouncers = await listenCrowdsec(config.crowdsec, { ledger: blocker.ledger, clock, metrics, log });
    lifecycle.onStop("crowdsec listener", () => bouncers.close());
  }
  log.info({ address, console: `${address}/`, blocking: config.block.mode }, "listening");

  lifecycle.onStop("state", () => (ways.lost.aborted ? undefined : pipeline.save()));
  query.restore(before.detections);
  query.start();
  lifecycle.onStop("queries", () => query.stop());
  silence.start();
  lifecycle.onStop("silence", () => silence.stop());
  lifecycle.onStop("timers", repeatJobs({ clock, log }, [
    { everyMs: 1_000, run: () => pipeline.tick() },
    { everyMs: 1_000, run: () => incidents.tick() },
    { everyMs: config.detect.saveEvery, run: pacedSave({ clock, save: () => pipeline.save(), waitedMs: () => detect.savingMs }) },
    { everyMs: 1_000, run: () => proxies.tick() },
    { everyMs: 1_000, run: () => learner.look() },
    { everyMs: 1_000, run: () => load.look() },
    { everyMs: 5_000, run: () => proxies.look() },
    { everyMs: 5_000, run: () => places.look() },
    { everyMs: 5_000, run: () => trials.tick(clock.now(), detect.watermark.value) },
    { everyMs: 5_000, run: () => coverage.look(detect.status(), normalizer.coverage()) },
    { everyMs: 5_000, run: () => reportStore(store.status(), report) },
  ])); // prettier-ignore

  const reload = createReload({
    ...{ configFile, config, log, clock, service, normalizer, detect, trials },
    ...{ incidents, blocker, pager, query, pipeline, proxies, notifiers },
    ...{ onRules: (rules) => (current = rules), current: () => current },
  });
  const watcher = await watchConfig({
    ...{ file: configFile, env: options.env, clock, started: config, onUpdate: reload },
    directoriesOf: (next) => [...detectorDirectories(next), ...runbookDirectories(next), ...next.endpointFiles],
  });
  lifecycle.onStop("configuration watch", () => watcher.stop());

  for (const source of sources) lifecycle.onStop(`reading ${source.name}`, () => source.stop());
  await ways.read(pipeline);
  lifecycle.onStop("hand-over", () => pipeline.stop());
  ready.sources = true;
  const running = {
    ended: ended.all.then(() => pipeline.finish()),
    reload: () => watcher.reload(),
    stop: async (reason: string) => {
      log.info({ reason }, "draining");
      await lifecycle.stop();
    },
  };
  return { pipeline, service: running };
}
