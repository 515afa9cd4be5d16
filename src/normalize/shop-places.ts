import type { Outcome } from "./access-event.ts";
import type { EndpointConfig } from "./endpoint-config.ts";
import { redactText } from "./redact-text.ts";
import type { Endpoint, RoutedPath } from "./route-table.ts";
import { createAttemptRules } from "./shop-attempts.ts";
import { shopEventKind, type ShopEventKind } from "./shop-event-kinds.ts";

/** What takes the place of method, path and status in a shop event. */
export interface ShopPlace extends Pick<RoutedPath, "path" | "variants"> {
  readonly endpoint: Endpoint;
  readonly outcome: Outcome;
  readonly attempt: boolean;
}

/** From an event's name, and the endpoint it says it is about (or ""), to its place. */
export type ShopPlaces = (name: string, about: string) => ShopPlace;

/** A class's owner is that of its first endpoint that has one. */
export function createShopPlaces(inventory: readonly EndpointConfig[]): ShopPlaces {
  const attempts = createAttemptRules(inventory);
  const owners = new Map<string, string>();
  for (const { class: endpointClass, owner } of inventory) {
    if (owner !== undefined && !owners.has(endpointClass)) owners.set(endpointClass, owner);
  }
  const endpoints = new Map<string, Endpoint>();

  const endpointOf = ({ route, endpointClass }: ShopEventKind): Endpoint => {
    const known = endpoints.get(route);
    if (known !== undefined) return known;
    const owner = owners.get(endpointClass);
    const fresh: Endpoint = {
      ...{ method: "EVENT", route, endpointClass, owner, rules: [] },
      ...{ guessed: true, listed: undefined, needsUser: undefined, deprecated: undefined },
      ...{ attempts: undefined, events: 0 },
    };
    endpoints.set(route, fresh);
    return fresh;
  };

  return (name, about) => {
    const kind = shopEventKind(name) ?? nobodys;
    return {
      path: name === kind.route ? kind.route : redactText(name),
      endpoint: endpointOf(kind),
      variants: undefined,
      outcome: kind.outcome,
      attempt: attempts.byShop(kind, about),
    };
  };
}

// helpers

/** What a name of no known subject would be; such events are rejected before. */
const nobodys: ShopEventKind = { route: "other", endpointClass: "other", outcome: "unknown", isAttempt: false };
