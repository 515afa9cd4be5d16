import type { Config } from "../config.ts";
import { loadTrialConfig } from "../config.ts";
import { loadProxies } from "../load-proxies.ts";
import { loadRules, type Rules } from "../load-rules.ts";
import { createMetrics } from "../metrics.ts";
import { createGeoLookup } from "../normalize/geo-lookup.ts";
import { createNormalizer } from "../normalize/normalizer.ts";
import { LogJudge } from "../replay/log-judge.ts";
import type { CliContext, TryOptions } from "./cli-context.ts";
import { EventMerge } from "./event-merge.ts";
import { checkFormat, checkTimeZone, nothingUnderstood, readLogs } from "./read-logs.ts";
import { terminalJson } from "./terminal-json.ts";
import { ClientCounts } from "./try-clients.ts";
import { findLogs, type LogFile } from "./try-files.ts";
import { showProgress } from "./try-progress.ts";
import { formatFields, ShopCounts } from "./try-fields.ts";
import { LineCounts, triedDetector, type TryReport } from "./try-report.ts";
import { tryText } from "./try-text.ts";

/**
 * `gatewatch try FILE…`: reads logs through the service's own stages and prints what it would have
 * found and whom it would have blocked. Starts nothing, sends nothing, writes nothing. Returns 0, or
 * throws `LOGS_UNREADABLE` when a file can't be read or not one line was understood.
 */
export async function runTry(options: TryOptions, context: CliContext): Promise<number> {
  const logs = await findLogs(options.files, context.stdin);
  const config = await loadTrialConfig(options.configFile, context.env);
  checkFormat(options.format, config);
  checkTimeZone(options.timeZone);
  const configFile = options.configFile ?? "gatewatch.yaml";
  const rules = await loadRules(config, configFile);
  const report = await lookAt(logs, { config, configFile, rules, options }, context);
  context.stdout(options.json ? terminalJson(report) : tryText(report));
  if (report.lines.read > 0) return 0;
  throw nothingUnderstood(report.lines.rejected);
}

// helpers

async function lookAt(
  logs: readonly LogFile[],
  settings: {
    readonly config: Config;
    readonly configFile: string;
    readonly rules: Rules;
    readonly options: Pick<TryOptions, "format" | "timeZone">;
  },
  context: CliContext,
): Promise<TryReport> {
  const { config, configFile, rules, options } = settings;
  const { format, timeZone = "UTC" } = options;
  const metrics = createMetrics();
  const geo = await createGeoLookup(config.geo);
  const networks = await loadProxies(config, configFile);
  const normalizer = createNormalizer({
    sources: new Map(logs.map(({ name }) => [name, { gateway: name, format, timeZone }])),
    formats: config.formats,
    endpoints: config.endpoints,
    proxies: config.proxies,
    trusted: networks.prefixes,
    redact: config.redact,
    privacy: config.privacy,
    geo: geo.lookup,
    metrics,
  });
  const judge = new LogJudge({
    ...rules,
    detect: config.detect,
    block: config.block,
    networks,
    asnOf: geo.lookup && ((address) => geo.lookup!.lookup(address)?.asn),
    maxShare: config.proxies.maxShare,
  });
  const clients = new ClientCounts(networks.prefixes);
  const shop = new ShopCounts();
  const lines = new LineCounts();
  const merge = new EventMerge({
    read(batch) {
      const normalized = normalizer.normalize(batch);
      lines.add(batch.source, normalized);
      return normalized.events;
    },
    take(event, writtenAt) {
      if (event.origin === "gateway") clients.add(event);
      else shop.add(event);
      judge.take(event, writtenAt);
    },
  });

  const brokenOff = new Map<string, string>();
  const end = showProgress(() => lines.total().read, context);
  await readLogs(logs, { to: merge, brokenOff, clock: context.clock }).finally(end);
  judge.finish();

  const clamped = await metrics.counter("gatewatch_normalize_clamped_total", "", ["source"]).get();
  const definitions = new Map(rules.detectors.map(({ definition }) => [definition.id, definition]));
  return {
    files: logs.map(({ name }) => ({
      file: name,
      format: normalizer.formatOf(name),
      ...lines.of(name),
      brokenOff: brokenOff.get(name),
    })),
    lines: { ...lines.total(), clamped: clamped.values.reduce((sum, { value }) => sum + value, 0), late: judge.late },
    span: judge.span,
    clients: clients.report(),
    fields: normalizer.coverage().map(formatFields),
    endpoints: normalizer.endpointsSeen().sort((a, b) => b.events - a.events),
    detectors: judge.detectors().map((status) => triedDetector(status, definitions.get(status.id)!)),
    detections: judge.detections(),
    moreDetections: judge.more,
    decisions: judge.blocks.decisions(),
    moreDecisions: judge.blocks.more,
    warnings: [...(geo.warning === undefined ? [] : [geo.warning]), ...shop.warnings()],
  };
}
