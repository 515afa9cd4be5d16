import { endpointClasses, outcomes, type AccessEvent, type EndpointClass } from "../normalize/access-event.ts";
import { originsOf, type Where } from "./define-detector.ts";

/** What a `where` chooses by, the method apart. */
export type EventKind = Pick<AccessEvent, "endpointClass" | "outcome" | "origin" | "attempt">;

/** What people ask for all day. */
export const everyday: readonly EndpointClass[] = ["catalog", "search", "other"];

/** Every kind there is, in the order that `kindNumber` counts them. */
export const eventKinds: readonly EventKind[] = endpointClasses.flatMap((endpointClass) =>
  outcomes.flatMap((outcome) =>
    (["gateway", "shop"] as const).flatMap((origin) =>
      [true, false].map((attempt) => ({ endpointClass, outcome, origin, attempt })),
    ),
  ),
);
const kindsPerOutcome = 4;

const classNumber = new Map<string, number>(
  endpointClasses.map((name, i) => [name, i * outcomes.length * kindsPerOutcome]),
);
const outcomeNumber = new Map<string, number>(outcomes.map((name, i) => [name, i * kindsPerOutcome]));

/** Where among all kinds an event's is. */
export function kindNumber(event: EventKind): number {
  const place = classNumber.get(event.endpointClass)! + outcomeNumber.get(event.outcome)!;
  return place + (event.origin === "shop" ? 2 : 0) + (event.attempt ? 0 : 1);
}

/** Whether a detector with this `where` looks at such an event; its methods are another question. */
export function chooses(where: Where, event: EventKind): boolean {
  return (
    has(where.endpointClass, event.endpointClass) &&
    has(where.outcome, event.outcome) &&
    originsOf(where).includes(event.origin) &&
    (where.attempt === undefined || where.attempt === event.attempt)
  );
}

/** A request that is no attempt, of a class whose attempts the detector judges; how it ended is for the shop event to say. */
export function awaits(where: Where, event: EventKind): boolean {
  if (where.attempt !== true || event.attempt || event.origin === "shop") return false;
  return has(where.endpointClass, event.endpointClass);
}

/** Whether there can be an event that both choose. */
export function canMeet(a: Where, b: Where): boolean {
  const isAlike = <T>(one: readonly T[] | undefined, other: readonly T[] | undefined) =>
    one === undefined || other === undefined || one.some((value) => other.includes(value));
  return (
    isAlike(a.method, b.method) &&
    isAlike(a.endpointClass, b.endpointClass) &&
    isAlike(a.outcome, b.outcome) &&
    isAlike(originsOf(a), originsOf(b)) &&
    (a.attempt === undefined || b.attempt === undefined || a.attempt === b.attempt)
  );
}

function has(list: readonly string[] | undefined, value: string): boolean {
  return list === undefined || list.includes(value);
}
