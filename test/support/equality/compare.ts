import type { Figures } from "./figures.ts";

/** What differs between what a run found and what it should have; empty when nothing does. */
export function differences(expected: Figures, found: Figures): string[] {
  const lines: string[] = [];
  for (const [id, text] of expected.sealed) {
    const other = found.sealed.get(id);
    if (other === undefined) lines.push(`${id} is lost: ${summaryOf(text)}`);
    else if (other !== text) lines.push(`${id} has changed: ${changes(text, other)}`);
  }
  for (const [id, text] of found.sealed) {
    if (!expected.sealed.has(id)) lines.push(`${id} was added: ${summaryOf(text)}`);
  }
  return lines;
}

/** Of all detectors and keys that were ever told, on change or sealed: the share that only one of two runs told, 0 to 1. */
export function toldDifference(a: Figures, b: Figures): number {
  const either = new Set([...a.told.keys(), ...b.told.keys()]).size;
  return toldByOne(a, b).length / Math.max(1, either);
}

/** What only one of two runs ever told. */
export function toldByOne({ told: a }: Figures, { told: b }: Figures): string[] {
  const only = (one: typeof a, other: typeof a) => [...one].filter(([key]) => !other.has(key));
  return [
    ...only(a, b).map(([key, text]) => `${key} was not told: ${text}`),
    ...only(b, a).map(([key, text]) => `${key} was told besides: ${text}`),
  ];
}

/** Sealed detections that no incident has, or more than one; targets decided on twice for one detection; calls too many. */
export function actedWrongly({ sealed, incidents, decided, pages }: Figures): string[] {
  const times = new Map<string, number>();
  for (const of of incidents.values()) for (const id of of) times.set(id, (times.get(id) ?? 0) + 1);
  const twice = [...decided].filter(([, of]) => new Set(of).size < of.length);
  return [
    ...[...sealed.keys()]
      .filter((id) => times.get(id) !== 1)
      .map((id) => `${id} is in ${times.get(id) ?? 0} incidents`),
    ...twice.map(([target, of]) => `${target} was decided on twice for one of ${of.join(", ")}`),
    ...pages
      .filter(({ sent, may }) => sent > may)
      .map(({ incident, sent, may }) => `${incident} called people ${sent} times, and may ${may}`),
  ];
}

/** Targets that only one of two runs decided on, and left it at that. */
export function decidedByOne({ decided: a }: Figures, { decided: b }: Figures): string[] {
  const only = (one: typeof a, other: typeof a) => [...one].filter(([target]) => !other.has(target));
  return [
    ...only(a, b).map(([target, of]) => `nothing was decided on ${target}, for ${of.join(", ")}`),
    ...only(b, a).map(([target, of]) => `${target} was decided on besides, for ${of.join(", ")}`),
  ];
}

// helpers

function summaryOf(text: string): string {
  const { detector, summary } = JSON.parse(text) as { detector: string; summary: string };
  return `${detector}: ${summary}`;
}

/** The fields that differ, in short. */
function changes(text: string, other: string): string {
  const [one, two] = [text, other].map((body) => JSON.parse(body) as Record<string, unknown>) as [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  const shown = (value: unknown) => (JSON.stringify(value) ?? "nothing").slice(0, 300);
  const names = [...new Set([...Object.keys(one), ...Object.keys(two)])];
  const changed = names.filter((name) => JSON.stringify(one[name]) !== JSON.stringify(two[name]));
  return `${String(one["detector"])}: ${changed.map((name) => `${name} ${shown(one[name])} → ${shown(two[name])}`).join("; ")}`;
}
