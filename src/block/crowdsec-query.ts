import { type Network, contains, parseNetwork } from "./address.ts";
import type { Action, Decision } from "./decision.ts";
import { targetNetwork } from "./target.ts";

/** A request's query: each parameter once or several times. */
export type RawQuery = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Which decisions a bouncer asks for. All that is given must hold. */
export interface CrowdsecQuery {
  /** Of `ip` or `range`. */
  readonly network: Network | undefined;
  /** True: decisions around `network`; false: those inside it. */
  readonly around: boolean;
  /** Lower case; empty: all. */
  readonly scopes: readonly string[];
  readonly value: string | undefined;
  readonly type: string | undefined;
  readonly origins: readonly string[];
  readonly scenariosContaining: readonly string[];
  readonly scenariosNotContaining: readonly string[];
  /** Only the longest of those with the same scope, type and value. */
  readonly dedup: boolean;
}

/** Reads a query; unknown parameters are ignored. A string says what is wrong with it. */
export function parseCrowdsecQuery(raw: RawQuery, defaultScopes: readonly string[]): CrowdsecQuery | string {
  const address = first(raw["ip"]) ?? first(raw["range"]);
  const network = address === undefined ? undefined : parseNetwork(address);
  if (address !== undefined && !network) return "ip or range is no address";
  const scopes = words(raw["scopes"] ?? raw["scope"]);
  return {
    network,
    around: first(raw["contains"]) !== "false",
    scopes: scopes.length > 0 ? scopes : defaultScopes,
    value: first(raw["value"]),
    type: first(raw["type"])?.toLowerCase(),
    origins: words(raw["origins"]),
    scenariosContaining: words(raw["scenarios_containing"]),
    scenariosNotContaining: words(raw["scenarios_not_containing"]),
    dedup: first(raw["dedup"]) !== "false",
  };
}

/** Whether a bouncer with this query is told of a decision, given the actions it may be told of. */
export function isAskedFor(decision: Decision, query: CrowdsecQuery, types: readonly Action[]): boolean {
  const scenario = scenarioOf(decision).toLowerCase();
  return (
    types.includes(decision.action) &&
    (query.type === undefined || query.type === decision.action) &&
    (query.scopes.length === 0 || query.scopes.includes(decision.scope.toLowerCase())) &&
    (query.value === undefined || query.value === decision.value) &&
    (query.origins.length === 0 || query.origins.includes(originOf(decision))) &&
    (query.scenariosContaining.length === 0 || query.scenariosContaining.some((word) => scenario.includes(word))) &&
    !query.scenariosNotContaining.some((word) => scenario.includes(word)) &&
    (query.network === undefined || isInPlace(decision, query.network, query.around))
  );
}

/** Who made it, as bouncers' metrics show it. */
export function originOf(decision: Decision): string {
  return decision.origin === "manual" ? "gatewatch-manual" : "gatewatch";
}

/** What it was made for, in CrowdSec's form. */
export function scenarioOf(decision: Decision): string {
  return `gatewatch/${decision.runbook ?? "manual"}`;
}

// helpers

function isInPlace(decision: Decision, asked: Network, around: boolean): boolean {
  const network = targetNetwork(decision);
  return network !== undefined && (around ? contains(network, asked) : contains(asked, network));
}

function first(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === "string" ? value : value?.[0];
  return text === undefined || text === "" ? undefined : text;
}

function words(value: string | readonly string[] | undefined): string[] {
  const text = typeof value === "string" ? value : (value?.join(",") ?? "");
  return text
    .split(",")
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== "");
}
