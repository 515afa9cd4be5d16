import type { EndpointClass } from "./access-event.ts";
import { BoundedCache } from "./bounded-cache.ts";
import type { EndpointConfig } from "./endpoint-config.ts";
import { createEndpointIndex, type EndpointMatch } from "./endpoint-index.ts";
import { createEndpointVariants, shownRoute, type EndpointVariants } from "./endpoint-variants.ts";
import { guessClass } from "./guess-class.ts";
import type { OutcomeRule } from "./outcome-rule.ts";
import { isPlainPath, pathOf, redactPath } from "./redact-path.ts";
import { createRouteLearner, type LearnedRoutes } from "./route-learner.ts";

/** One endpoint, as the traffic showed it. */
export interface SeenEndpoint {
  readonly method: string;
  readonly route: string;
  readonly endpointClass: EndpointClass;
  /** True: not in the inventory; the class is a guess from the words of its path. */
  readonly guessed: boolean;
  readonly events: number;
}

/** What is known of a path. It holds until the next one is looked up. */
export interface RoutedPath {
  /** Redacted. */
  readonly path: string;
  readonly endpoint: Endpoint;
  /** Where the endpoint also depends on the GraphQL operation or on values in the query. */
  readonly variants: EndpointVariants<Endpoint> | undefined;
  /** True: it was never answered but with 404, so its words are not learned yet. */
  readonly unknown: boolean;
}

/** An endpoint, and how often it was asked for. */
export interface Endpoint {
  /** As the inventory or the client has it; `GET` for `HEAD`. */
  readonly method: string;
  readonly route: string;
  readonly endpointClass: EndpointClass;
  readonly owner: string | undefined;
  readonly rules: readonly OutcomeRule[];
  readonly guessed: boolean;
  /** As the event's fields of these names. */
  readonly listed: boolean | undefined;
  readonly needsUser: boolean | undefined;
  readonly deprecated: boolean | undefined;
  /** What its attempts are counted from; `undefined` where the inventory lacks it. */
  readonly attempts: EndpointConfig["attempts"] | undefined;
  events: number;
}

/** From method and request target to the endpoint: by the inventory, else by templating. */
export interface RouteTable {
  lookUp(method: string, target: string, status: number): RoutedPath;
  seen(): SeenEndpoint[];
  /** How many endpoints are known. */
  size(): number;
  /** A copy of what was learned of paths that the inventory lacks. */
  learned(): LearnedRoutes;
  /** How often something was learned of them. */
  changes(): number;
  /** Takes in what another table learned. */
  learn(other: LearnedRoutes): void;
}

/** Beyond these, requests share one entry; 20,000 is the inventory's own bound. */
const maxEndpoints = 30_000;
const maxLearnedPlaces = 5_000;
const cachedPaths = 32_768;
/** Longer targets are cut before anything looks at them. */
const maxTarget = 8_192;

/** `learned`: what an earlier table learned, so that routes stay what they were. */
export function createRouteTable(inventory: readonly EndpointConfig[], learned?: LearnedRoutes): RouteTable {
  const index = createEndpointIndex(inventory);
  const learner = createRouteLearner(maxLearnedPlaces, learned);
  const endpoints = new Map<string, Endpoint>();
  const caches = new Map<string, BoundedCache<string, RoutedPath>>();
  const listed = new Map<EndpointMatch, Map<string, Listed>>();
  const plain: Mutable<RoutedPath> = { ...nowhere };
  const unlisted = { listed: inventory.length > 0 ? false : undefined };

  const intern = (fresh: Endpoint): Endpoint => {
    const key = `${fresh.method} ${fresh.route}`;
    const known = endpoints.get(key);
    if (known) return known;
    if (endpoints.size >= maxEndpoints) return fresh;
    endpoints.set(key, fresh);
    return fresh;
  };

  const listedFor = (method: string, match: EndpointMatch): Listed => {
    let byMethod = listed.get(match);
    if (byMethod === undefined) listed.set(match, (byMethod = new Map<string, Listed>()));
    let found = byMethod.get(method);
    if (found === undefined) byMethod.set(method, (found = fromInventory(method, match, intern)));
    return found;
  };

  const route = (method: string, raw: string, found: boolean): RoutedPath => {
    const path = redactPath(raw);
    const match = index.match(method, raw) ?? (path === raw ? undefined : index.match(method, path));
    const { any, variants } = match ? listedFor(method, match) : nothing;
    if (any) return { path, endpoint: any, variants, unknown: false };
    const template = learner.routeOf(path, found);
    const endpoint = intern(guessed(method, template, unlisted));
    return { path, endpoint, variants, unknown: !found };
  };

  return {
    lookUp(method, target, status) {
      const isBare = inventory.length > 0 && isPlainPath(target);
      const raw = isBare ? target : pathOf(target.length > maxTarget ? target.slice(0, maxTarget) : target);
      // Finding it in the inventory is quicker than among tens of thousands of paths that were asked for.
      const isQuick = inventory.length > 0 && (isBare || isPlainPath(raw)) && knownMethods.has(method);
      const match = isQuick ? index.match(method, raw) : undefined;
      const sure = match && listedFor(method, match);
      if (sure?.any !== undefined) {
        plain.path = raw;
        plain.endpoint = sure.any;
        plain.variants = sure.variants;
        return plain;
      }
      const found = status !== 404 && status !== 405 && status !== 410;
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
    learned: () => learner.learned(),
    changes: () => learner.changes(),
    learn(other) {
      const before = learner.changes();
      learner.learn(other);
      // What was unknown may have a route now.
      if (learner.changes() !== before) caches.clear();
    },
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

/** What the inventory has for a method and a path, as endpoints. */
interface Listed {
  readonly any: Endpoint | undefined;
  readonly variants: EndpointVariants<Endpoint> | undefined;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const nowhere: RoutedPath = {
  path: "/",
  endpoint: guessed("GET", "/", { listed: undefined }),
  variants: undefined,
  unknown: false,
};

const nothing: Listed = { any: undefined, variants: undefined };

function guessed(method: string, route: string, { listed }: Pick<Endpoint, "listed">): Endpoint {
  const shown = method === "HEAD" ? "GET" : method;
  return {
    method: shown,
    route,
    endpointClass: guessClass(method, route),
    owner: undefined,
    rules: [],
    guessed: true,
    // Browsers send it by themselves, and no inventory has it.
    listed: method === "OPTIONS" ? undefined : listed,
    needsUser: undefined,
    deprecated: undefined,
    attempts: undefined,
    events: 0,
  };
}

const userNeeded = { required: true, none: false, optional: undefined } as const;

function fromInventory(method: string, { any, some }: EndpointMatch, intern: (fresh: Endpoint) => Endpoint): Listed {
  // A browser asks beforehand whether it may; that is no attempt at what the endpoint is for.
  const asksBeforehand = ({ method: listed }: EndpointConfig) => method === "OPTIONS" && !listed.includes("OPTIONS");
  const toEndpoint = (config: EndpointConfig): Endpoint =>
    intern({
      method: method === "HEAD" && !config.method.includes("HEAD") ? "GET" : method,
      route: shownRoute(config),
      endpointClass: asksBeforehand(config) ? "other" : config.class,
      owner: config.owner,
      rules: config.outcome,
      guessed: false,
      listed: true,
      needsUser: asksBeforehand(config) ? undefined : userNeeded[config.authentication],
      deprecated: config.deprecated,
      attempts: config.attempts,
      events: 0,
    });
  const variants = some.map((config) => ({ ...config, endpoint: toEndpoint(config) }));
  return {
    any: any && toEndpoint(any),
    variants: variants.length === 0 ? undefined : createEndpointVariants(variants),
  };
}
