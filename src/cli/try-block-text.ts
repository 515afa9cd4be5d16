import type { Decision, Verdict } from "../block/decision.ts";
import type { Detection } from "../detect/detection.ts";
import { amount, clockTime, instant, type Section } from "./text-layout.ts";
import { evidenceLine } from "./try-finding-text.ts";
import type { TryReport } from "./try-report.ts";

/** Of each kind; `--json` has all. */
const groupsShown = 10;
const evidenceShown = 2;
const namesShown = 5;

/** Whom the runbooks would have blocked, and what the guard said. */
export function blockLines({ decisions, moreDecisions, detections }: TryReport): Section[] {
  if (decisions.length === 0) return [{ title: "Would have blocked: nobody", lines: [] }];
  const byId = new Map(detections.map((detection) => [detection.id, detection]));
  const show = (title: string, ...states: readonly Decision["state"][]): Section[] => {
    const some = decisions.filter(({ state }) => states.includes(state));
    const groups = [...Map.groupBy(some, sameCase).values()];
    if (some.length === 0) return [];
    const more = groups.length - groupsShown;
    const lines = groups.slice(0, groupsShown).flatMap((group) => groupLines(group, byId));
    if (more > 0) lines.push(`and ${more} more cases; --json lists all`);
    return [{ title: `${title}: ${some.length}`, lines }];
  };
  return [
    ...show("Would have blocked", "active", "expired"),
    ...show("Would have blocked, and taken it back within seconds", "lifted"),
    ...show("Would have asked a person about", "asked"),
    ...show("The guard would have refused", "refused"),
    ...(moreDecisions === 0 ? [] : [{ title: `And ${amount(moreDecisions, "decision")} more.`, lines: [] }]),
  ];
}

// helpers

/** Targets of one detection that fare the same are told together. */
function sameCase({ detection, action, verdicts, liftReason }: Decision): string {
  return JSON.stringify([detection, action, liftReason, guardLines(verdicts)]);
}

function groupLines(group: readonly Decision[], detections: ReadonlyMap<string, Detection>): string[] {
  const [first] = group;
  if (!first) return [];
  const { scope, action, createdAt, until, runbook, reason, verdicts, liftReason } = first;
  const evidence = detections.get(first.detection ?? "")?.evidence ?? [];
  const values = listed(group.map(({ value }) => value));
  return [
    `${action} of ${scope} ${values}, ${instant(createdAt)} to ${clockTime(until)} (runbook ${runbook})`,
    `  because ${reason}`,
    ...evidence.slice(0, evidenceShown).map((event) => `    ${evidenceLine(event)}`),
    ...hitLines(group),
    ...guardLines(verdicts),
    ...(liftReason === undefined ? [] : [`  taken back: ${liftReason}`]),
  ];
}

/** Whom it would have hit: requests of the log that came while it held. */
function hitLines(group: readonly Decision[]): string[] {
  if (group.some(({ state }) => state === "asked" || state === "refused")) return [];
  const hits = group.flatMap(({ wouldHaveHit }) => wouldHaveHit ?? []);
  const requests = hits.reduce((sum, hit) => sum + hit.requests, 0);
  if (requests === 0) return ["  would have refused no further request of this log"];
  const succeeded = hits.reduce((sum, hit) => sum + hit.succeeded, 0);
  const users = [...new Set(hits.flatMap((hit) => hit.users))];
  const named = users.length === 0 ? "" : `; users ${listed(users)}`;
  return [
    `  would have refused ${amount(requests, "request")}, of which ${succeeded.toLocaleString("en")} succeeded${named}`,
  ];
}

function guardLines(verdicts: readonly Verdict[]): string[] {
  const objections = verdicts.filter(({ says }) => says !== "yes");
  if (objections.length === 0) return [`  guard: yes by all ${verdicts.length} rules`];
  return objections.map(({ rule, says, reason }) => `  guard: ${rule} says ${says}: ${reason}`);
}

function listed(names: readonly string[]): string {
  const more = names.length - namesShown;
  return names.slice(0, namesShown).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
