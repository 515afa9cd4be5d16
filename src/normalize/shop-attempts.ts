import type { EndpointClass } from "./access-event.ts";
import type { EndpointConfig } from "./endpoint-config.ts";
import type { ShopEventKind } from "./shop-event-kinds.ts";

/** Which of the two kinds of records counts as an attempt, so that none is counted twice. */
export interface AttemptRules {
  /** For a request: whether it is an attempt. `guessed`: its endpoint is not in the inventory. */
  byGateway(endpoint: {
    readonly endpointClass: EndpointClass;
    readonly guessed: boolean;
    readonly attempts: EndpointConfig["attempts"] | undefined;
  }): boolean;
  /** For a shop event: whether it is one. `endpoint`: which one it says it is about (`POST /api/login`), or "". */
  byShop(kind: ShopEventKind, endpoint: string): boolean;
}

/**
 * Nothing is joined: each endpoint says which of the two counts. A class has shop events for all of
 * its endpoints that say so, and an endpoint that nobody listed goes with its class; an event about
 * an endpoint whose requests count is none. `docs/decisions/0009-attempts-are-counted-once.md`.
 */
export function createAttemptRules(endpoints: readonly EndpointConfig[]): AttemptRules {
  const fromShop = new Set(endpoints.filter(({ attempts }) => attempts === "shop").map((endpoint) => endpoint.class));
  const fromGateway = new Set(endpoints.filter(({ attempts }) => attempts === "gateway").flatMap(namesOf));
  return {
    byGateway: ({ endpointClass, guessed, attempts }) =>
      fromShop.size === 0 || (guessed ? !fromShop.has(endpointClass) : attempts !== "shop"),
    byShop: (kind, endpoint) =>
      kind.isAttempt && fromShop.has(kind.endpointClass) && (endpoint === "" || !fromGateway.has(endpoint)),
  };
}

// helpers

function namesOf({ method, route }: EndpointConfig): string[] {
  return (typeof method === "string" ? [method] : method).map((one) => `${one} ${route}`);
}
