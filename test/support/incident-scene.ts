import type { Detection } from "../../src/detect/detection.ts";
import { createIncidents, type Incidents } from "../../src/incident/incidents.ts";
import type { IncidentChange } from "../../src/incident/incident.ts";
import type { Runbook } from "../../src/incident/runbook.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics, type Metrics } from "../../src/metrics.ts";
import { aRunbook } from "./a-runbook.ts";
import { MemoryStore } from "./memory-store.ts";
import { TestClock } from "./test-clock.ts";

/** The incident stage with everything around it faked, and what it handed on. */
export interface IncidentScene {
  readonly incidents: Incidents;
  readonly store: MemoryStore;
  readonly clock: TestClock;
  readonly metrics: Metrics;
  readonly changes: IncidentChange[];
  /** Runs for so long, with a tick each second. */
  pass(ms: number): Promise<void>;
  /** Everything that was handed on since the last call: `opened page high`. */
  told(): string[];
  see(...detections: Detection[]): Promise<void>;
  /** A second process on the same store, after the first one died. */
  restart(changes?: Partial<SceneOptions>): Promise<IncidentScene>;
}

export interface SceneOptions {
  readonly runbooks: readonly Runbook[];
  readonly teams: readonly string[];
  readonly store: MemoryStore;
  readonly clock: TestClock;
  /** Makes handing on fail, as a crash would. */
  readonly onChange: (change: IncidentChange) => void;
}

export async function incidentScene(options: Partial<SceneOptions> = {}): Promise<IncidentScene> {
  const { runbooks = [aRunbook()], teams = ["platform", "identity"] } = options;
  const { store = new MemoryStore(), clock = new TestClock() } = options;
  const metrics = createMetrics();
  const changes: IncidentChange[] = [];
  const incidents = createIncidents({
    store,
    clock,
    metrics,
    runbooks,
    teams,
    log: silentLog,
    onChange(change) {
      options.onChange?.(change);
      changes.push(change);
    },
  });
  await incidents.load();
  let toldSoFar = 0;
  return {
    incidents,
    store,
    clock,
    metrics,
    changes,
    async pass(ms) {
      const end = clock.now() + ms;
      while (clock.now() < end) {
        await clock.advance(Math.min(1000, end - clock.now()));
        await incidents.tick();
      }
    },
    told() {
      const news = changes.slice(toldSoFar);
      toldSoFar = changes.length;
      return news.map(({ kind, page, incident }) => [kind, page ? `page ${incident.team}` : "quiet"].join(" "));
    },
    see: (...detections) => incidents.detections(detections),
    restart: (changed) => incidentScene({ ...options, store, clock, onChange: undefined, ...changed }),
  };
}
