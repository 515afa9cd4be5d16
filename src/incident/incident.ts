import type { Detection, Severity, Target } from "../detect/detection.ts";
import type { Runbook } from "./runbook.ts";

/** What a runbook opened. Grouped: many detections, one incident, one page. */
export interface Incident {
  /** `inc_` and 16 hex digits, from runbook, group and the detection that opened it. */
  readonly id: string;
  /** Rises with each change. */
  readonly version: number;
  /** The runbook's id (its file name without `.md`). */
  readonly runbook: string;
  readonly title: string;
  readonly severity: Severity;
  readonly state: "open" | "acknowledged" | "resolved";
  /** The values it is grouped by. */
  readonly group: Readonly<Record<string, string>>;
  /** The team that is paged, if any. */
  readonly team: string | undefined;
  readonly openedAt: number;
  readonly updatedAt: number;
  readonly acknowledgedAt: number | undefined;
  readonly acknowledgedBy: string | undefined;
  readonly resolvedAt: number | undefined;
  readonly resolvedBy: string | undefined;
  /** Event times. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Ids of its detections, the first 200; `detectionCount` counts all. */
  readonly detections: readonly string[];
  readonly detectionCount: number;
  /** Those of them that are still open. */
  readonly openDetections: readonly string[];
  /** One sentence, from the latest detection. */
  readonly summary: string;
  /** The first 100 keys, for people. */
  readonly keys: readonly string[];
  readonly targets: readonly Target[];
  /**
   * Why nobody is paged: `not_paged` (the runbook names nobody), `stale` (a backlog), `dry_run`,
   * `silenced:ID`, `inhibited:INCIDENT`; `undefined` when people are paged.
   */
  readonly quiet: string | undefined;
  readonly reopened: number;
}

/** One line of an incident's timeline: a detection, a page, a decision, a click. */
export interface IncidentEvent {
  readonly id: string;
  readonly incident: string;
  readonly time: number;
  readonly kind:
    | "opened" | "detection" | "updated" | "acknowledged" | "resolved" | "reopened" | "paged" | "page_failed"
    | "page_suppressed" | "decision" | "decision_refused" | "decision_lifted" | "note"; // prettier-ignore
  /** A person's name, or `gatewatch`. */
  readonly by: string;
  readonly text: string;
}

/** One change of an incident, as `notify` and `block` see it. Already saved. */
export interface IncidentChange {
  readonly kind: "opened" | "updated" | "acknowledged" | "resolved" | "reopened";
  readonly incident: Incident;
  readonly runbook: Runbook;
  /** The detection that caused it; absent when a person or the clock did. */
  readonly detection: Detection | undefined;
  /** True when it was opened, reopened or became more severe: people have to be told. */
  readonly page: boolean;
}
