import type { Blocker } from "./block/responder.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { ConfigUpdate } from "./config-reload.ts";
import type { DetectStage } from "./detect/detect-stage.ts";
import type { Problem } from "./errors.ts";
import type { Incidents } from "./incident/incidents.ts";
import type { QueryRules } from "./incident/query-rules.ts";
import type { ServiceDetections } from "./incident/service-detections.ts";
import type { LiveTrials } from "./live-trials.ts";
import { readRules, type Rules } from "./load-rules.ts";
import type { Log } from "./log.ts";
import type { Normalizer } from "./normalize/normalizer.ts";
import type { Notifier } from "./notify/notifier.ts";
import type { ChannelsConfig } from "./notify/notify-config.ts";
import type { Pager } from "./notify/pager.ts";
import type { Pipeline } from "./pipeline.ts";
import type { ProxyWatch } from "./proxy-watch.ts";

export interface ReloadParts {
  readonly config: Config;
  readonly configFile: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly service: ServiceDetections;
  readonly normalizer: Pick<Normalizer, "update">;
  readonly detect: DetectStage;
  readonly trials: LiveTrials;
  readonly incidents: Incidents;
  readonly blocker: Blocker;
  readonly pager: Pager;
  readonly notifiers: (channels: ChannelsConfig) => ReadonlyMap<string, Notifier>;
  readonly query: QueryRules;
  readonly proxies: ProxyWatch;
  readonly pipeline: Pick<Pipeline, "between">;
  readonly current: () => Rules;
  readonly onRules: (rules: Rules) => void;
}

/** Takes over changed files while the service runs. What is wrong with them keeps the last good ones, and is an incident. */
export function createReload(parts: ReloadParts): (update: ConfigUpdate) => Promise<void> {
  let config = parts.config;
  return async (update) => {
    if (update.kind === "bad") return complain(parts, update.problems);
    const rules = await readRules(update.config, parts.configFile);
    if ("problems" in rules) return complain(parts, rules.problems);
    try {
      await parts.pipeline.between(() => takeOver(parts, { before: config, next: update.config, rules }));
    } catch (error) {
      parts.log.error(
        { err: error },
        "a changed configuration could not be taken over; it is tried again at the next change",
      );
      return parts.service.raise("reload-failed", "configuration", String(error));
    }
    config = update.config;
    parts.onRules(rules);
    parts.service.clear("reload-failed", "configuration");
    parts.log.info({ needsRestart: update.needsRestart }, "the configuration was taken over");
  };
}

// helpers

async function takeOver(parts: ReloadParts, change: { before: Config; next: Config; rules: Rules }): Promise<void> {
  const { before, next, rules } = change;
  // What needs a restart stays as it was at the start.
  const { redact } = parts.config;
  const changed = (section: keyof Config) => JSON.stringify(before[section]) !== JSON.stringify(next[section]);
  if (!sameDetectors(parts.current(), rules)) {
    parts.trials.update(rules.detectors);
    parts.detect.update(rules.detectors);
  }
  if (changed("proxies")) await parts.proxies.update(next.proxies);
  if (changed("endpoints")) parts.normalizer.update({ endpoints: next.endpoints, redact, ...parts.proxies.rules });
  parts.incidents.update({ runbooks: rules.runbooks, teams: Object.keys(next.teams) });
  parts.query.update(rules.runbooks);
  if (changed("block")) await parts.blocker.update(next.block);
  if (changed("teams") || changed("channels")) {
    await parts.pager.update({ teams: next.teams, channels: parts.notifiers(next.channels) });
  }
}

/** Files that did not change give the very same definitions. */
function sameDetectors(a: Rules, b: Rules): boolean {
  return (
    a.detectors.length === b.detectors.length &&
    a.detectors.every(
      ({ definition, mode, params }, i) =>
        definition === b.detectors[i]!.definition &&
        mode === b.detectors[i]!.mode &&
        JSON.stringify(params) === JSON.stringify(b.detectors[i]!.params),
    )
  );
}

function complain(parts: ReloadParts, problems: readonly Problem[]): void {
  const text = problems.map(({ file, path, message }) => `${file} ${path}: ${message}`).join("; ");
  parts.log.error({ problems }, "changed files were not taken over; the last good ones stay in force");
  parts.service.raise("reload-failed", "configuration", text);
}
