import type { Decision } from "../block/decision.ts";
import type { DetectorStatus } from "../detect/detect-stage.ts";
import type { DetectorDefinition } from "../detect/define-detector.ts";
import type { Detection } from "../detect/detection.ts";
import type { EventField, RejectedRecord, RejectReason } from "../normalize/access-event.ts";
import type { SeenEndpoint } from "../normalize/route-table.ts";
import type { ClientReport } from "./try-clients.ts";
import { fieldHint, type FormatFields } from "./try-fields.ts";

/** What `gatewatch try` found out; `--json` prints it as it is. Times are epoch ms. */
export interface TryReport {
  readonly files: readonly TriedFile[];
  readonly lines: {
    /** Log entries that were understood. */
    readonly read: number;
    readonly rejected: number;
    readonly reasons: readonly RejectedLines[];
    /** Lines whose time lay in the future of this machine; they were taken as written now. */
    readonly clamped: number;
    /** Lines that came too much out of order to be judged. */
    readonly late: number;
  };
  readonly span: { readonly from: number; readonly to: number } | undefined;
  readonly clients: ClientReport;
  /** What the entries have, by file and format. */
  readonly fields: readonly FormatFields[];
  /** The most frequent first. */
  readonly endpoints: readonly SeenEndpoint[];
  readonly detectors: readonly TriedDetector[];
  readonly detections: readonly Detection[];
  /** Detections beyond those that are listed. */
  readonly moreDetections: number;
  /** Whom the runbooks would have blocked, and what the guard said; each is a dry run. */
  readonly decisions: readonly Decision[];
  readonly moreDecisions: number;
  /** What else a person should know. */
  readonly warnings: readonly string[];
}

export interface TriedFile {
  readonly file: string;
  /** The last one, where a log has several; `undefined` when none was found. */
  readonly format: string | undefined;
  readonly read: number;
  readonly rejected: number;
  /** Why reading it ended early. */
  readonly brokenOff: string | undefined;
}

/** Lines that became no event, for one reason. */
export interface RejectedLines {
  readonly reason: RejectReason;
  readonly lines: number;
  /** The first of them: where it is, what was expected, and its redacted beginning. */
  readonly example: Pick<RejectedRecord, "detail" | "head" | "offset"> & { readonly file: string };
}

/** A detector, and what it could see of this log. */
export interface TriedDetector extends Omit<DetectorStatus, "coverage"> {
  /** `idle`: not one request of the kind it looks at; `waiting`: fewer than it takes to say more. */
  readonly state: "idle" | DetectorStatus["coverage"]["state"];
  /** Requests and shop events it looked at. */
  readonly requests: number;
  /** What kinds of endpoints it looks at; empty: all. */
  readonly looksAt: readonly string[];
  /** Fields that none of them had. `needed`: without it the detector is blind; else it would be surer with it. */
  readonly missing: readonly { readonly field: EventField; readonly needed: boolean; readonly hint: string }[];
  /** Of each field it needs or would be surer with: the share of them that had it. */
  readonly fields: DetectorStatus["coverage"]["fields"];
  /** Files, or shop events in one, that lack a field which others have. */
  readonly gaps: readonly { readonly file: string; readonly origin: string; readonly missing: readonly EventField[] }[];
}

/** Counts the lines that were and were not understood. */
export class LineCounts {
  readonly #files = new Map<string, { read: number; rejected: number }>();
  readonly #reasons = new Map<RejectReason, { lines: number; first: RejectedRecord }>();

  add(
    file: string,
    batch: { readonly events: readonly unknown[]; readonly rejected: readonly RejectedRecord[] },
  ): void {
    const counts = this.of(file);
    this.#files.set(file, {
      read: counts.read + batch.events.length,
      rejected: counts.rejected + batch.rejected.length,
    });
    for (const record of batch.rejected) {
      const known = this.#reasons.get(record.reason);
      if (known) known.lines++;
      else this.#reasons.set(record.reason, { lines: 1, first: record });
    }
  }

  of(file: string): { readonly read: number; readonly rejected: number } {
    return this.#files.get(file) ?? { read: 0, rejected: 0 };
  }

  total(): { readonly read: number; readonly rejected: number; readonly reasons: readonly RejectedLines[] } {
    const all = [...this.#files.values()];
    const reasons = [...this.#reasons].map(([reason, { lines, first }]) => {
      const { detail, head, offset, source } = first;
      return { reason, lines, example: { file: source, offset, detail, head } };
    });
    return {
      read: all.reduce((sum, { read }) => sum + read, 0),
      rejected: all.reduce((sum, { rejected }) => sum + rejected, 0),
      reasons: reasons.sort((a, b) => b.lines - a.lines),
    };
  }
}

/** A detector's status, with what would mend what it lacks. */
export function triedDetector({ coverage, ...status }: DetectorStatus, definition: DetectorDefinition): TriedDetector {
  const { needs, where } = definition;
  return {
    ...status,
    state: coverage.events === 0 && coverage.state !== "blind" ? "idle" : coverage.state,
    requests: coverage.events,
    looksAt: where.endpointClass ?? [],
    missing: coverage.missing.map((field) => ({
      field,
      needed: field === "attempt" || needs.required.includes(field),
      hint: fieldHint(field),
    })),
    fields: coverage.fields,
    gaps: coverage.gaps.map(({ gateway, origin, missing }) => ({ file: gateway, origin, missing })),
  };
}
