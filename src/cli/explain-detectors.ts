import { isKnown } from "../detect/coverage.ts";
import { originsOf, type Where } from "../detect/define-detector.ts";
import { dimensionOf } from "../detect/dimension.ts";
import type { ActiveDetector } from "../detect/plan.ts";
import { awaits, chooses } from "../detect/where.ts";
import type { AccessEvent, EventField } from "../normalize/access-event.ts";

/** What one detector makes of one event. */
export interface ExplainedDetector {
  readonly id: string;
  readonly mode: ActiveDetector["mode"];
  /** `undefined`: it does not look at the event. */
  readonly sees: "full" | "reduced" | "blind" | undefined;
  /** Fields it needs, or would be surer with, and the event lacks. */
  readonly missing: readonly EventField[];
  /** What it counts the event under, by dimension; a part that the event lacks is `undefined`, and then it counts nothing. */
  readonly key: readonly (readonly [dimension: string, value: string | undefined])[];
  /** Why it does not look: what those like it do. */
  readonly because: string;
}

/** Asks each detector whether it would look at an event; the ones that do come first. */
export function explainDetectors(detectors: readonly ActiveDetector[], event: AccessEvent): ExplainedDetector[] {
  const all = detectors.map((detector) => explainDetector(detector, event));
  return [...all.filter(({ sees }) => sees !== undefined), ...all.filter(({ sees }) => sees === undefined)];
}

// helpers

function explainDetector({ definition, mode }: ActiveDetector, event: AccessEvent): ExplainedDetector {
  const { id, where, needs, key } = definition;
  const looks = chooses(where, event) && (where.method === undefined || where.method.includes(event.method));
  if (!looks) return { id, mode, sees: undefined, missing: [], key: [], because: reasonOf(where, event) };
  const lacking = (fields: readonly EventField[]) => fields.filter((field) => !isKnown(event, field));
  const required = lacking(needs.required);
  const better = lacking(needs.better);
  return {
    id,
    mode,
    sees: required.length > 0 ? "blind" : better.length > 0 ? "reduced" : "full",
    missing: [...required, ...better],
    key: key.map((dimension) => [dimension, dimensionOf(event, dimension)] as const),
    because: "",
  };
}

function reasonOf(where: Where, event: AccessEvent): string {
  const { endpointClass, outcome, method } = where;
  if (endpointClass && !endpointClass.includes(event.endpointClass)) return `look at ${endpointClass.join(", ")}`;
  if (awaits(where, event)) return "wait for the shop event that tells how this ended";
  if (!originsOf(where).includes(event.origin)) return `look at events of origin ${originsOf(where).join(", ")}`;
  if (where.attempt !== undefined && where.attempt !== event.attempt) {
    return where.attempt ? "look at attempts" : "look at what is no attempt";
  }
  if (outcome && !outcome.includes(event.outcome)) return `look at the outcome ${outcome.join(", ")}`;
  return `look at the method ${method?.join(", ")}`;
}
