import type { Outcome } from "../normalize/access-event.ts";
import type { Outlet } from "./actor.ts";
import type { Attack, Scene } from "./attack.ts";
import type { Exchange } from "./exchange.ts";
import { asks, took } from "./flow.ts";
import type { LabelledEntity } from "./label.ts";
import type { ShopAttributes } from "./shop-event.ts";
import type { Visitor } from "./visitor.ts";

/** One request of an attacker, and what the shop's application says of it. */
export interface AttackRequest {
  readonly method?: string;
  readonly target: string;
  readonly status: number;
  /** The account that is tried, where it is not the visitor's own. */
  readonly userId?: string;
  readonly outcome?: Outcome;
  readonly attributes?: ShopAttributes;
  /** The shop event that goes with it. */
  readonly event?: string;
  readonly methodOverride?: string;
  readonly responseBytes?: number;
  /** True: the gateway refused it by itself. */
  readonly byGateway?: true;
}

/** Whether it is a request for this path, whatever its query. */
export function asksFor({ method, target }: Exchange, wanted: string, path: string): boolean {
  return method === wanted && (target === path || target.startsWith(`${path}?`));
}

/** Sends it. */
export function send(outlet: Outlet, { random }: Pick<Scene, "random">, visitor: Visitor, what: AttackRequest): void {
  const { exchange } = outlet;
  const { method = "POST", target, status, userId, attributes, event } = what;
  exchange.begin(visitor, asks(method, target, status, what.byGateway ? 1 : took(random, 20, 300)));
  if (what.byGateway) exchange.upstreamMs = undefined;
  if (userId !== undefined) exchange.userId = userId;
  if (what.responseBytes !== undefined) exchange.responseBytes = what.responseBytes;
  exchange.outcome = what.outcome;
  exchange.attributes = attributes;
  exchange.methodOverride = what.methodOverride;
  outlet.request();
  if (event !== undefined) outlet.tell({ event, visitor, userId, attributes });
}

/** A single attacker who sends one request a step. */
export function loneAttack(scene: Scene, visitor: Visitor, what: (i: number) => AttackRequest): Attack {
  return { entities: entitiesOf([visitor]), step: (i, _now, outlet) => send(outlet, scene, visitor, what(i)) };
}

/** Several attackers in turn. */
export function crowdAttack(
  scene: Scene,
  visitors: readonly Visitor[],
  what: (i: number) => AttackRequest,
): Attack & { readonly victims: readonly LabelledEntity[] } {
  return {
    entities: entitiesOf(visitors),
    victims: surroundingsOf(visitors),
    step: (i, _now, outlet) => send(outlet, scene, visitors[i % visitors.length] as Visitor, what(i)),
  };
}

/** What they have in common with customers: their networks, countries and programs may stand out, too. */
export function surroundingsOf(visitors: readonly Visitor[]): LabelledEntity[] {
  const values = (of: (visitor: Visitor) => string) => [...new Set(visitors.map(of))];
  return [
    ...values(({ place }) => String(place.asn)).map((value) => ({ scope: "as" as const, value })),
    ...values(({ place }) => place.country).map((value) => ({ scope: "country" as const, value })),
    ...values(({ userAgent }) => userAgent).map((value) => ({ scope: "userAgent" as const, value })),
  ];
}

/** Everything that a detection may name of them. */
export function entitiesOf(visitors: readonly Visitor[]): LabelledEntity[] {
  const entities = visitors.flatMap(({ clientKey, userId, sessionId, deviceId, apiKey }): LabelledEntity[] => [
    { scope: "ip", value: clientKey },
    ...(userId === undefined ? [] : [{ scope: "user" as const, value: userId }]),
    ...(sessionId === undefined ? [] : [{ scope: "session" as const, value: sessionId }]),
    ...(deviceId === undefined ? [] : [{ scope: "device" as const, value: deviceId }]),
    ...(apiKey === undefined ? [] : [{ scope: "apiKey" as const, value: apiKey }]),
  ]);
  return [...new Map(entities.map((entity) => [`${entity.scope} ${entity.value}`, entity])).values()];
}

/** A client of the attacker's own, signed in to an account of the attacker's own. */
export function signedInAttacker({ shop, tag, userAgent }: Scene): Visitor {
  const visitor = shop.strangers.next({ userAgent });
  visitor.userId = `m-${tag}`;
  visitor.sessionId = `s-${tag}`;
  visitor.role = "customer";
  return visitor;
}
