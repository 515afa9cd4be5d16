import type { DetectorDetail, DetectorItem, DetectorService } from "./api/api-services.ts";
import type { LiveReport } from "./block/detector-trial.ts";
import type { DetectorDefinition } from "./detect/define-detector.ts";
import type { DetectStage, DetectorStatus } from "./detect/detect-stage.ts";
import type { ActiveDetector } from "./detect/plan.ts";
import { suppressedByOf } from "./detect/suppressions.ts";
import type { LiveTrials } from "./live-trials.ts";
import type { Rules } from "./load-rules.ts";

export interface DetectorParts {
  readonly rules: () => Rules;
  readonly detect: Pick<DetectStage, "status">;
  readonly trials: Pick<LiveTrials, "report">;
}

/** The detectors as the API shows them: what each looks for, how it runs, what it sees and what it found. */
export function serviceDetectors({ rules, detect, trials }: DetectorParts): DetectorService {
  const report = (id: string) => trials.report(id);
  return {
    list: () => {
      const all = detect.status();
      const on = rules().detectors.flatMap((active) => {
        const how = all.find(({ id }) => id === active.definition.id);
        return how ? [itemOf(active, how, report(active.definition.id))] : [];
      });
      return [...on, ...rules().off.map(offItem)];
    },
    get: (id) => {
      const active = rules().detectors.find(({ definition }) => definition.id === id);
      const how = detect.status().find((one) => one.id === id);
      const runbooks = rules().runbooks.filter(({ match }) => match?.detector.includes(id));
      const more = {
        runbooks: runbooks.map((runbook) => runbook.id),
        blocks: runbooks.some(({ block }) => block !== undefined),
      };
      if (active && how)
        return { ...itemOf(active, how, report(id)), ...detailOf(active.definition, active.params), ...more };
      const off = rules().off.find((definition) => definition.id === id);
      return off && { ...offItem(off), ...detailOf(off, off.params.parse({})), ...more };
    },
    report,
  };
}

// helpers

function itemOf(
  { definition, mode }: ActiveDetector,
  { coverage, muted, suppressed, usual }: DetectorStatus,
  report: LiveReport | undefined,
): DetectorItem {
  const { id, title, severity, owasp } = definition;
  const found = report && {
    since: report.since,
    detections: report.detections,
    open: report.states.open,
    alerts: report.alerts,
    blocked: report.blocks.blocked.all,
    customers: report.blocks.blocked.bought + report.blocks.blocked.signedIn,
  };
  return { ...{ id, title, severity, owasp, mode, muted, suppressed, usual, found }, ...coverage };
}

function offItem({ id, title, severity, owasp }: DetectorDefinition): DetectorItem {
  const nothingSeen = { state: "waiting", missing: [], events: 0, fields: [], gaps: [] } as const;
  return { ...{ id, title, severity, owasp, mode: "off", muted: false, found: undefined }, ...nothingSeen };
}

function detailOf(
  definition: DetectorDefinition,
  params: Readonly<Record<string, unknown>>,
): Omit<DetectorDetail, keyof DetectorItem | "runbooks" | "blocks"> {
  const { description, key, window, quiet, triage, suppressedBy } = definition;
  const defaults = definition.params.parse({});
  return {
    ...{ description, key, window, triage },
    quiet: quiet ?? window,
    suppressedBy: suppressedByOf(suppressedBy).map(({ detector }) => detector),
    params: Object.entries(definition.params.shape).map(([name, field]) => ({
      name,
      value: params[name],
      default: defaults[name],
      description: (field as { description?: string }).description ?? "",
    })),
  };
}
