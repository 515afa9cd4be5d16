import { z } from "zod";
import type { SavedRow } from "../store/store.ts";
import { parseDuration } from "../units.ts";

/** A time in which nobody is paged for some incidents. They are shown all the same. */
export interface Silence {
  /** `sil_` and 16 hex digits. */
  readonly id: string;
  readonly version: number;
  readonly runbook: string | undefined;
  readonly detector: string | undefined;
  readonly team: string | undefined;
  /** Values of the detections' keys. */
  readonly key: Readonly<Record<string, string>>;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly reason: string;
  readonly by: string;
  /** Who ended it before its time. */
  readonly endedBy: string | undefined;
}

/** The longest a silence may last: longer ones are forgotten, and hide what they should not. */
export const longestSilenceMs = parseDuration("30d") as number;

const name = z.string().min(1).max(200);

/** What a person has to say to be left in peace. */
export const newSilence = z
  .strictObject({
    runbook: name.optional().meta({ description: "Incidents of this runbook.", examples: ["country-surge"] }),
    detector: name.optional().meta({ description: "Incidents of this detector alone.", examples: ["country-surge"] }),
    team: name.optional().meta({ description: "Incidents that page this team.", examples: ["identity"] }),
    key: z
      .record(name, name)
      .default({})
      .meta({
        description: "Incidents of detections with these values in their key.",
        examples: [{ clientIp: "192.0.2.10" }],
      }),
    endsAt: z.int().meta({ description: "When it ends, epoch milliseconds.", examples: [1_787_400_000_000] }),
    reason: z
      .string()
      .trim()
      .min(3)
      .max(500)
      .meta({ description: "Why, for whoever comes next.", examples: ["Load test until noon, ask Dana"] }),
  })
  .refine((silence) => silence.runbook ?? silence.detector ?? silence.team ?? Object.keys(silence.key)[0], {
    error: "expected at least one of runbook, detector, team, key: a silence of everything is not possible",
  });

export type NewSilence = z.input<typeof newSilence>;

/** What a silence is compared with. */
export interface SilenceSubject {
  readonly runbook: string;
  readonly team: string | undefined;
  readonly detectors: ReadonlySet<string>;
  /** The keys of all its detections; `undefined` when there are too many to know them all. */
  readonly keys: readonly Readonly<Record<string, string>>[] | undefined;
}

/**
 * Whether a silence holds at `now` and covers the incident: every condition it names is true of the
 * incident, and of each of its detections. One detection that is not covered is reason to page.
 */
export function silences(silence: Silence, subject: SilenceSubject, now: number): boolean {
  if (!isActive(silence, now)) return false;
  if (silence.runbook !== undefined && silence.runbook !== subject.runbook) return false;
  if (silence.team !== undefined && silence.team !== subject.team) return false;
  if (silence.detector !== undefined && !isOnly(silence.detector, subject.detectors)) return false;
  const wanted = Object.entries(silence.key);
  if (wanted.length === 0) return true;
  return subject.keys?.every((key) => wanted.every(([dimension, value]) => key[dimension] === value)) ?? false;
}

export function isActive(silence: Silence, now: number): boolean {
  return silence.startsAt <= now && now < silence.endsAt;
}

/** A silence as the store keeps it. */
export function silenceRow(silence: Silence): SavedRow {
  return {
    table: "silences",
    id: silence.id,
    version: silence.version,
    time: silence.startsAt,
    columns: {
      state: silence.endedBy === undefined ? "active" : "ended",
      startsAt: silence.startsAt,
      endsAt: silence.endsAt,
      by: silence.endedBy ?? silence.by,
      createdBy: silence.by,
      createdAt: silence.startsAt,
      reason: silence.reason,
      runbook: silence.runbook ?? "",
      detector: silence.detector ?? "",
      match: silence.team === undefined ? silence.key : { ...silence.key, team: silence.team },
    },
    body: silence,
  };
}

// helpers

function isOnly(value: string, values: ReadonlySet<string>): boolean {
  return values.size === 1 && values.has(value);
}
