import { createHash } from "node:crypto";
import { severities, type Detection, type Severity } from "../detect/detection.ts";
import { endpointClasses, type EndpointClass } from "../normalize/access-event.ts";
import { plainText } from "./plain-text.ts";
import type { Runbook } from "./runbook.ts";

/** One row of a query rule's answer. */
export type QueryRow = Readonly<Record<string, unknown>>;

/** Figures of a row that are kept; a question with more columns answers for people, not for a rule. */
const maxCounters = 20;

/** The values that tell a match from others: the rule's `key` columns. */
export function matchKey(runbook: Runbook, row: QueryRow): Record<string, string> {
  const columns = runbook.query?.key ?? [];
  return Object.fromEntries(columns.map((column) => [column, plainText(cellText(row[column]), 200)]));
}

/**
 * The detection a row stands for. Number columns become its counters; the columns `severity`,
 * `summary`, `route`, `endpointClass` and `owner` mean what they mean everywhere. It has no targets:
 * a question to the store does not know whose addresses are certain.
 */
export function beginMatch(runbook: Runbook, row: QueryRow, now: number): Detection {
  const key = matchKey(runbook, row);
  const digest = createHash("sha256")
    .update(JSON.stringify([runbook.id, key, now]))
    .digest("hex");
  return {
    id: `det_${digest.slice(0, 16)}`,
    version: 1,
    detector: runbook.id,
    title: runbook.title,
    severity: severityOf(row) ?? runbook.severity,
    owasp: [],
    state: "open",
    sealed: true,
    key,
    firstSeen: now,
    firedAt: now,
    lastSeen: now,
    counters: countersOf(runbook, row),
    summary: summaryOf(runbook, row),
    targets: [],
    clientIpCertain: false,
    evidence: [],
    endpointClass: endpointClassOf(row),
    route: textOf(row, "route"),
    owner: textOf(row, "owner"),
    confidence: "high",
    strength: 1,
    signal: "query",
    mode: "active",
    coverage: "full",
    stale: false,
    supersedes: undefined,
    origin: "query",
  };
}

/** The same match, seen again. */
export function continueMatch(
  detection: Detection,
  options: { runbook: Runbook; row: QueryRow; now: number },
): Detection {
  const { runbook, row, now } = options;
  return {
    ...detection,
    version: detection.version + 1,
    severity: severityOf(row) ?? runbook.severity,
    lastSeen: now,
    counters: countersOf(runbook, row),
    summary: summaryOf(runbook, row),
  };
}

// helpers

function countersOf(runbook: Runbook, row: QueryRow): Record<string, number> {
  const isKey = new Set(runbook.query?.key);
  const numbers = Object.entries(row).flatMap(([name, value]) =>
    typeof value === "number" && Number.isFinite(value) && !isKey.has(name) ? [[name, value] as const] : [],
  );
  return Object.fromEntries(numbers.slice(0, maxCounters));
}

function summaryOf(runbook: Runbook, row: QueryRow): string {
  const own = textOf(row, "summary");
  if (own !== undefined) return own;
  const figures = Object.entries({ ...matchKey(runbook, row), ...countersOf(runbook, row) });
  return plainText(figures.map(([name, value]) => `${name} ${value}`).join(", "), 500);
}

function severityOf(row: QueryRow): Severity | undefined {
  return severities.find((severity) => severity === row["severity"]);
}

function endpointClassOf(row: QueryRow): EndpointClass | undefined {
  return endpointClasses.find((name) => name === row["endpointClass"]);
}

function cellText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? "");
}

function textOf(row: QueryRow, column: string): string | undefined {
  const value = row[column];
  return typeof value === "string" && value !== "" ? plainText(value, 500) : undefined;
}
