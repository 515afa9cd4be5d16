import type { AccessEvent } from "./access-event.ts";
import { addPlace } from "./add-place.ts";
import { createAttributeReader } from "./attributes.ts";
import { createAddressReader } from "./client-address.ts";
import type { Draft } from "./draft.ts";
import type { GeoLookup } from "./geo-place.ts";
import { createIdentities } from "./identity.ts";
import type { EndpointConfig } from "./endpoint-config.ts";
import type { PrivacyConfig, RedactConfig } from "./normalize-config.ts";
import type { ProxiesConfig } from "./proxies-config.ts";
import { outcomeOf } from "./outcome.ts";
import { createAgentCleaner, createHostCleaner, createIdentifierCleaner, createTextCleaner } from "./plain-text.ts";
import { createClientResolver, type ClientResolver, type ResolvedClient } from "./resolve-client.ts";
import { overrideIn } from "./query-value.ts";
import { plainNetworks } from "./trusted-networks.ts";
import type { LearnedRoutes } from "./route-learner.ts";
import { createRouteTable, type RouteTable } from "./route-table.ts";
import { createAttemptRules } from "./shop-attempts.ts";
import { createShopPlaces } from "./shop-places.ts";
import type { WallClock } from "./time-zone.ts";

/** What may change without a restart. */
export interface BuilderRules {
  readonly endpoints: readonly EndpointConfig[];
  readonly proxies: ProxiesConfig;
  /** The networks that `proxies.trusted` stands for; left out where it names neither provider nor file. */
  readonly trusted?: readonly string[];
  readonly redact: RedactConfig;
}

export interface BuilderOptions extends BuilderRules {
  readonly privacy: PrivacyConfig;
  readonly geo: GeoLookup | undefined;
  /** What an earlier builder learned of routes, so that they stay what they were. */
  readonly learned?: LearnedRoutes | undefined;
}

/** Where a record came from. */
export interface EventOrigin {
  readonly gateway: string;
  /** When the transport took the record, epoch ms. */
  readonly arrivedAt: number;
  /** Whether the client's address in a shop event is believed. */
  readonly trustClientIp: boolean;
  /** Reads times that the gateway logs without a zone. */
  readonly clock: WallClock;
}

/** Makes events of drafts: resolves the client, finds the endpoint, judges the outcome, cuts secrets. */
export interface EventBuilder {
  build(draft: Draft, from: EventOrigin): AccessEvent;
  /** Other proxies from now on; what was learned of routes stays. */
  trust(rules: Pick<BuilderRules, "proxies" | "trusted">): void;
  readonly routes: RouteTable;
  /** Events whose time lay so far ahead that it was set back. */
  clamped(): number;
}

/** A gateway's clock may be wrong; an event from further ahead than this is set to when it arrived. */
const maxAheadMs = 5 * 60_000;

export function createEventBuilder(options: BuilderOptions): EventBuilder {
  const { geo } = options;
  let resolve = clientResolver(options);
  const routes = createRouteTable(options.endpoints, options.learned);
  const attempts = createAttemptRules(options.endpoints);
  const shopPlaces = createShopPlaces(options.endpoints);
  const identities = createIdentities(options.privacy.pseudonymKey);
  const readAttributes = createAttributeReader(options.redact.parameters, identities);
  const cleanHost = createHostCleaner();
  const cleanIdentifier = createIdentifierCleaner();
  const cleanAgent = createAgentCleaner();
  const cleanWord = createTextCleaner({ maxLength: 64, cached: 1024 });
  const client: ResolvedClient = { address: undefined, trust: "guessed" };
  let clamped = 0;

  return {
    routes,
    clamped: () => clamped,
    trust(rules) {
      resolve = clientResolver(rules);
    },
    build(draft, { gateway, arrivedAt, trustClientIp, clock }) {
      const { durationMs, status, enforced } = draft;
      const logged = draft.timeIsLocal ? clock(draft.time, arrivedAt + maxAheadMs) : draft.time;
      let time = draft.timeIsStart && durationMs !== undefined ? logged + durationMs : logged;
      time = Math.floor(time);
      const begun = draft.timeIsStart ? logged : durationMs === undefined ? undefined : time - durationMs;
      let startedAt = begun === undefined ? undefined : Math.floor(begun);
      if (time > arrivedAt + maxAheadMs) {
        if (startedAt !== undefined) startedAt -= time - arrivedAt;
        time = arrivedAt;
        clamped++;
      }

      resolve(draft, client);
      const { address } = client;
      const known = knownMethod(draft.method);
      const method = known ?? draft.method.toUpperCase();
      const shop = draft.shopEvent === undefined ? undefined : shopPlaces(draft.shopEvent, draft.target);
      const routed = shop ?? routes.lookUp(method, draft.target, status);
      const attributes = draft.attributes === undefined ? undefined : readAttributes(draft.attributes);
      const operation = draft.operation ?? attributes?.operationName;
      const endpoint = routed.variants?.choose(draft.target, operation) ?? routed.endpoint;
      endpoint.events++;
      const attempt = shop?.attempt ?? attempts.byGateway(endpoint);
      const methodOverride = draft.methodOverride ?? overrideIn(method, draft.target);
      const { endpointClass } = endpoint;
      const event: AccessEvent = {
        origin: shop === undefined ? "gateway" : "shop",
        time,
        startedAt,
        gateway,
        clientIp: address?.ip,
        clientKey: address?.key,
        clientIpTrust: shop === undefined || trustClientIp ? client.trust : "guessed",
        // Where no proxy is, the peer is the client, and its address is known to be one.
        peerIp: draft.peerIp === undefined || draft.peerIp === address?.ip ? draft.peerIp : cleanWord(draft.peerIp),
        method: known ?? cleanWord(draft.method).toUpperCase(),
        host: draft.host === undefined ? undefined : cleanHost(draft.host),
        path: routed.path,
        route: endpoint.route,
        endpointClass,
        owner: endpoint.owner,
        listed: endpoint.listed,
        needsUser: endpoint.needsUser,
        deprecated: endpoint.deprecated,
        status,
        answeredBy: draft.answeredBy,
        enforced,
        durationMs,
        upstreamMs: draft.upstreamMs,
        requestBytes: draft.requestBytes,
        responseBytes: draft.responseBytes,
        requestId: draft.requestId === undefined ? undefined : cleanIdentifier(draft.requestId),
        userId: draft.userId === undefined ? undefined : identities.user(draft.userId),
        role: draft.role === undefined ? undefined : cleanWord(draft.role),
        apiKey: draft.apiKey === undefined ? undefined : identities.credential(draft.apiKey),
        sessionId: draft.sessionId === undefined ? undefined : identities.session(draft.sessionId),
        deviceId: draft.deviceId === undefined ? undefined : identities.device(draft.deviceId),
        userAgent: draft.userAgent === undefined ? undefined : cleanAgent(draft.userAgent),
        country: draft.country,
        asn: draft.asn,
        latitude: draft.latitude,
        longitude: draft.longitude,
        methodOverride: methodOverride === undefined ? undefined : cleanWord(methodOverride.toUpperCase()),
        outcome:
          shop?.outcome ??
          outcomeOf({
            rules: endpoint.rules,
            endpointClass,
            status,
            answeredBy: draft.answeredBy,
            enforced,
            limited: draft.limited,
            told: draft.outcome,
            attributes,
            attempt,
          }),
        attempt,
        attributes,
      };
      if (geo !== undefined) addPlace(event, geo);
      return event;
    },
  };
}

// helpers

/** Nearly all requests have one of these, most one of the first two. */
const methods = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "EVENT"] as const;

/** Not the text that was cut out of the line, but the same one each time, which is quicker to look up. */
function knownMethod(text: string): string | undefined {
  for (const method of methods) if (method === text) return method;
  return undefined;
}

function clientResolver({ proxies, trusted }: Pick<BuilderRules, "proxies" | "trusted">): ClientResolver {
  return createClientResolver(createAddressReader(trusted ?? plainNetworks(proxies.trusted)), proxies);
}
