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
export function toldDifference({ told: a }: Figures, { told: b }: Figures): number {
  const both = [...a].filter((one) => b.has(one)).length;
  const either = a.size + b.size - both;
  return (either - both) / Math.max(1, either);
}

/** Sealed detections that no incident has, or more than one; incidents without any. */
export function unacted({ sealed, incidents }: Figures): string[] {
  const times = new Map<string, number>();
  for (const of of incidents.values()) for (const id of of) times.set(id, (times.get(id) ?? 0) + 1);
  return [...sealed.keys()]
    .filter((id) => (times.get(id) ?? 0) > 1)
    .map((id) => `${id} is in ${times.get(id)} incidents`);
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
