import type { EndpointConfig } from "./endpoint-config.ts";
import { queryValues } from "./query-value.ts";

/** One of several endpoints that share method and route, with what tells it from the others. */
export interface Variant<E> extends Pick<EndpointConfig, "operation" | "query"> {
  readonly endpoint: E;
}

/** Several endpoints on one method and route, told apart by GraphQL operation and by values in the query. */
export interface EndpointVariants<E> {
  /**
   * The one for this request, or `undefined`. `operation` is what the log tells of it; the query's
   * `operationName` counts where it tells nothing. Of several the one with the most conditions
   * wins, then the first.
   */
  choose(target: string, operation: string | undefined): E | undefined;
}

export function createEndpointVariants<E>(variants: readonly Variant<E>[]): EndpointVariants<E> {
  const names = new Set([operationName]);
  const byCondition = new Map<string, Map<string, Candidate<E>[]>>();
  for (const [order, { operation, query = {}, endpoint }] of variants.entries()) {
    for (const name of Object.keys(query)) names.add(name);
    const wanted = Object.entries(query);
    if (operation !== undefined) wanted.push([theOperation, operation]);
    if (wanted[0] === undefined) continue;
    const [name, value] = wanted[0];
    const byValue = byCondition.get(name) ?? new Map<string, Candidate<E>[]>();
    byCondition.set(name, byValue);
    const candidates = byValue.get(value) ?? [];
    byValue.set(value, candidates);
    candidates.push({ wanted, order, endpoint });
  }

  return {
    choose(target, operation) {
      const values = queryValues(target, names);
      const valueOf = (name: string) =>
        name === theOperation ? (operation ?? values?.get(operationName)) : values?.get(name);
      let best: Candidate<E> | undefined;
      for (const [name, byValue] of byCondition) {
        for (const candidate of byValue.get(valueOf(name) ?? "") ?? []) {
          if (best !== undefined && !comesBefore(candidate, best)) continue;
          if (candidate.wanted.every(([other, value]) => valueOf(other) === value)) best = candidate;
        }
      }
      return best?.endpoint;
    },
  };
}

/**
 * How an endpoint's route is shown, so that those on one route stay apart: `/?wc-ajax=checkout`,
 * `/graphql#Login`. No path that a client sends has a `?` or a `#`.
 */
export function shownRoute({ route, operation, query }: Pick<EndpointConfig, "route" | "operation" | "query">): string {
  const pairs = Object.entries(query ?? {}).map(([name, value]) => `${name}=${value}`);
  return `${route}${pairs.length === 0 ? "" : `?${pairs.join("&")}`}${operation === undefined ? "" : `#${operation}`}`;
}

// helpers

interface Candidate<E> {
  readonly wanted: readonly (readonly [name: string, value: string])[];
  /** Where it stands in the configuration. */
  readonly order: number;
  readonly endpoint: E;
}

/** Where a GraphQL request that is sent by GET has its operation. */
const operationName = "operationName";
/** Stands for the operation among names of the query, none of which is empty. */
const theOperation = "";

function comesBefore<E>(one: Candidate<E>, other: Candidate<E>): boolean {
  const more = one.wanted.length - other.wanted.length;
  return more > 0 || (more === 0 && one.order < other.order);
}
