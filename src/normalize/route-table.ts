import type { EndpointClass } from "./access-event.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { createEndpointIndex, type EndpointMatch } from "./endpoint-index.ts";
import { guessClass } from "./guess-class.ts";
import type { EndpointConfig } from "./endpoint-config.ts";
import type { OutcomeRule } from "./outcome.ts";
import { pathOf, redactPath } from "./redact-path.ts";
import { createRouteLearner } from "./route-learner.ts";

/** One endpoint, as the traffic showed it. */
export interface SeenEndpoint {
  readonly method: string;
  readonly route: string;
  readonly endpointClass: EndpointClass;
  /** True: not in the inventory; the class is a guess from the words of its path. */
  readonly guessed: boolean;
  readonly events: number;
}

/** What is known of a path. Shared by all requests for it. */
export interface RoutedPath {
  /** Redacted. */
  readonly path: string;
  readonly endpoint: Endpoint;
  /** Where the endpoint depends on the GraphQL operation: by its name. */
  readonly operations: ReadonlyMap<string, Endpoint> | undefined;
  /** True: it was never answered but with 404, so its words are not learned yet. */
  readonly unknown: boolean;
}

/** An endpoint, and how often it was asked for. */
export interface Endpoint {
  readonly method: string;
  readonly route: string;
  readonly endpointClass: EndpointClass;
  readonly owner: string | undefined;
  readonly rules: readonly OutcomeRule[];
  readonly guessed: boolean;
  events: number;
}

/** From method and request target to the endpoint: by the inventory, else by templating. */
export interface RouteTable {
  lookUp(method: string, target: string, status: number): RoutedPath;
  seen(): SeenEndpoint[];
  /** How many endpoints are known. */
  size(): number;
}

/** Beyond these, requests share one entry; 20,000 is the inventory's own bound. */
const maxEndpoints = 30_000;
const maxLearnedPlaces = 5_000;
const cachedPaths = 32_768;
/** Longer targets are cut before anything looks at them. */
const maxTarget = 8_192;

export function createRouteTable(inventory: readonly EndpointConfig[]): RouteTable {
  const index = createEndpointIndex(inventory);
  const learner = createRouteLearner(maxLearnedPlaces);
  const endpoints = new Map<string, Endpoint>();
  const caches = new Map<string, BoundedCache<string, RoutedPath>>();

  const intern = (fresh: Endpoint, operation = ""): Endpoint => {
    const key = `${fresh.method} ${fresh.route} ${operation}`;
    const known = endpoints.get(key);
    if (known) return known;
    if (endpoints.size >= maxEndpoints) return fresh;
    endpoints.set(key, fresh);
    return fresh;
  };

  const route = (method: string, raw: string, found: boolean): RoutedPath => {
    const path = redactPath(raw);
    const match = index.match(method, raw) ?? (path === raw ? undefined : index.match(method, path));
    const listed = match && fromInventory(method, match, intern);
    const unlisted = () => {
      const template = learner.routeOf(path, found);
      return intern(guessed(method, template, guessClass(path)));
    };
    return {
      path,
      endpoint: listed?.any ?? unlisted(),
      operations: listed?.operations,
      unknown: !found && listed === undefined,
    };
  };

  return {
    lookUp(method, target, status) {
      const found = status !== 404 && status !== 405 && status !== 410;
      const raw = pathOf(target.length > maxTarget ? target.slice(0, maxTarget) : target);
      let cache = caches.get(method);
      if (cache === undefined) {
        // Methods are the client's to invent; those beyond the known share one cache that keeps nothing.
        cache = new BoundedCache(knownMethods.has(method) ? cachedPaths : 1);
        if (knownMethods.has(method)) caches.set(method, cache);
      }
      const known = cache.get(raw);
      if (known !== undefined && !(known.unknown && found)) return known;
      const routed = route(knownMethods.has(method) ? method : "OTHER", raw, found);
      cache.set(raw === routed.path ? routed.path : Buffer.from(raw).toString(), routed);
      return routed;
    },
    size: () => endpoints.size,
    seen: () =>
      [...endpoints.values()]
        .filter(({ events }) => events > 0)
        .map(({ method, route, endpointClass, guessed, events }) => ({
          method,
          route,
          endpointClass,
          guessed,
          events,
        })),
  };
}

// helpers

const knownMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

function guessed(method: string, route: string, endpointClass: EndpointClass): Endpoint {
  return { method, route, endpointClass, owner: undefined, rules: [], guessed: true, events: 0 };
}

function fromInventory(
  method: string,
  match: EndpointMatch,
  intern: (fresh: Endpoint, operation?: string) => Endpoint,
) {
  const listed = (config: EndpointConfig): Endpoint =>
    intern(
      {
        method,
        route: config.route,
        endpointClass: config.class,
        owner: config.owner,
        rules: config.outcome,
        guessed: false,
        events: 0,
      },
      config.operation,
    );
  const operations =
    match.operations && new Map([...match.operations].map(([name, config]) => [name, listed(config)] as const));
  return { any: match.any && listed(match.any), operations };
}
