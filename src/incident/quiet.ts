import type { Incident } from "./incident.ts";
import type { Runbook } from "./runbook.ts";

/** An incident as it matters to the peace of others. */
export interface Inhibitor {
  readonly incident: Incident;
  readonly runbook: Runbook;
}

/**
 * Whether `other` keeps people from being told of `incident`: its runbook inhibits the incident's,
 * it isn't resolved, isn't kept quiet itself by a third one, and both concern the same. That is: they
 * share a target, or have equal values in every dimension that both are grouped by (and at least
 * one such, unless neither is grouped at all).
 */
export function inhibits(other: Inhibitor, incident: Incident): boolean {
  if (other.incident.id === incident.id || other.incident.state === "resolved") return false;
  if (!other.runbook.inhibits.includes(incident.runbook)) return false;
  if (isQuietBy(other.incident, "inhibited:") || isQuietBy(other.incident, "stale")) return false;
  return shareTarget(other.incident, incident) || shareGroup(other.incident.group, incident.group);
}

/** Whether the reason for which nobody is paged begins so. */
export function isQuietBy(incident: Incident, reason: string): boolean {
  return incident.quiet?.startsWith(reason) ?? false;
}

/** Why nobody is paged, in words for a timeline. */
export function explainQuiet(quiet: string): string {
  const [reason, id = ""] = quiet.split(":");
  switch (reason) {
    case "not_paged":
      return "nobody is paged: the runbook names nobody";
    case "stale":
      return "nobody is paged: it was found in a backlog, long after it happened";
    case "dry_run":
      return "nobody is paged: the detector is on trial";
    case "silenced":
      return `nobody is paged: silence ${id}`;
    case "inhibited":
      return `nobody is paged: incident ${id} says it already`;
    default:
      return `nobody is paged: ${quiet}`;
  }
}

// helpers

function shareTarget(a: Incident, b: Incident): boolean {
  const targets = new Set(a.targets.map((target) => `${target.scope} ${target.value}`));
  return b.targets.some((target) => targets.has(`${target.scope} ${target.value}`));
}

function shareGroup(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const common = Object.keys(a).filter((dimension) => dimension in b);
  if (common.length === 0) return Object.keys(a).length === 0 && Object.keys(b).length === 0;
  return common.every((dimension) => a[dimension] === b[dimension]);
}
