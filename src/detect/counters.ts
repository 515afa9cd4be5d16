import type { AccessEvent } from "../normalize/access-event.ts";
import type { Duration } from "../units.ts";
import type { Dimension } from "./dimension.ts";

export type Predicate = (event: AccessEvent) => boolean;

/** A counter that may look at another window, or at a part of the key, than its detector. */
export interface CounterScope {
  readonly window?: Duration;
  /** A part of the detector's key, to compare a part with the whole. */
  readonly key?: readonly Dimension[];
}

/** One thing to count for each key. All kinds merge: two halves counted apart and merged give the whole. */
export type Counter =
  | { readonly kind: "count"; readonly if: Predicate | undefined; readonly scope: CounterScope }
  | {
      readonly kind: "sum";
      readonly of: (event: AccessEvent) => number | undefined;
      readonly if: Predicate | undefined;
      readonly scope: CounterScope;
    }
  | {
      readonly kind: "max";
      readonly of: (event: AccessEvent) => number | undefined;
      readonly if: Predicate | undefined;
      readonly scope: CounterScope;
    }
  | {
      readonly kind: "distinct";
      readonly of: (event: AccessEvent) => string | number | undefined;
      readonly if: Predicate | undefined;
      readonly scope: CounterScope;
    }
  | {
      readonly kind: "quantile";
      readonly q: number;
      readonly of: (event: AccessEvent) => number | undefined;
      readonly if: Predicate | undefined;
      readonly scope: CounterScope;
    }
  | {
      readonly kind: "firstSeen";
      readonly memory: Duration;
      readonly of: (event: AccessEvent) => string | number | undefined;
      readonly if: Predicate | undefined;
      readonly scope: CounterScope;
    }
  | {
      readonly kind: "last";
      readonly n: number;
      readonly of: (event: AccessEvent) => readonly (number | undefined)[];
      readonly if: Predicate | undefined;
      readonly scope: CounterScope;
    };

/** A figure that may not be known: `distinct` or `quantile` over a field that the log lacks. */
export interface Known {
  readonly known: boolean;
  readonly value: number;
}

/** How many values a key had for the first time within the window, and how many it had before. */
export interface Firsts {
  readonly new: number;
  /** At most 16. 0: nothing is known of this key yet, so that what is new of it says nothing. */
  readonly known: number;
}

/** One remembered event: its time, and the numbers the counter's `of` took from it. */
export interface Remembered {
  readonly time: number;
  readonly values: readonly number[];
}

/** What `fires` sees of each counter. */
export type Figures<C extends Record<string, Counter>> = {
  readonly [K in keyof C]: C[K]["kind"] extends "distinct" | "quantile"
    ? Known
    : C[K]["kind"] extends "last"
      ? readonly Remembered[]
      : C[K]["kind"] extends "firstSeen"
        ? Firsts
        : number;
};

/** How many events match. */
export function count(predicate?: Predicate, scope: CounterScope = {}): Counter & { kind: "count" } {
  return { kind: "count", if: predicate, scope };
}

/** The sum of a number over the events that match and have it. */
export function sum(
  of: (event: AccessEvent) => number | undefined,
  predicate?: Predicate,
  scope: CounterScope = {},
): Counter & { kind: "sum" } {
  return { kind: "sum", of, if: predicate, scope };
}

/** The largest value of a number; 0 when there was none. */
export function max(
  of: (event: AccessEvent) => number | undefined,
  predicate?: Predicate,
  scope: CounterScope = {},
): Counter & { kind: "max" } {
  return { kind: "max", of, if: predicate, scope };
}

/** How many different values; not `known` when no event in the window had the field. */
export function distinct(
  of: (event: AccessEvent) => string | number | undefined,
  predicate?: Predicate,
  scope: CounterScope = {},
): Counter & { kind: "distinct" } {
  return { kind: "distinct", of, if: predicate, scope };
}

/**
 * The value that the share `q` of a number's values does not exceed, such as 0.99; not `known` when no
 * event in the window had the number. Off by 2 % at most between 1 and 600,000 (milliseconds, say: up
 * to ten minutes); what is beyond counts as that. It takes memory, so it counts by few keys only:
 * `route`, `endpointClass`, `gateway`, `country`, `role`, `provider`.
 */
export function quantile(
  of: (event: AccessEvent) => number | undefined,
  q: number,
  predicate?: Predicate,
  scope: CounterScope = {},
): Counter & { kind: "quantile" } {
  return { kind: "quantile", q, of, if: predicate, scope };
}

/**
 * How many values the key never had before the window (`new`), and how many it had (`known`): a user's
 * countries, networks, devices. A value that was absent for `memory` is forgotten. Of one key at most
 * 16 values are remembered, and `detect.firstSeenValues` of all keys.
 */
export function firstSeen(
  of: (event: AccessEvent) => string | number | undefined,
  { memory, ...scope }: CounterScope & { readonly memory: Duration },
  predicate?: Predicate,
): Counter & { kind: "firstSeen" } {
  return { kind: "firstSeen", memory, of, if: predicate, scope };
}

/** The newest `n` (at most 6) events that match, oldest first, as numbers; an event that lacks one is left out. */
export function last(
  n: number,
  of: (event: AccessEvent) => readonly (number | undefined)[],
  predicate?: Predicate,
  scope: CounterScope = {},
): Counter & { kind: "last" } {
  return { kind: "last", n, of, if: predicate, scope };
}
