import type { Clock } from "../clock.ts";
import type { AllowList } from "./allow-list.ts";
import { parseAddress } from "./address.ts";
import type { BlockMetrics } from "./block-metrics.ts";
import { hopAddress, rightmostUntrusted } from "./client-address.ts";
import type { Decision } from "./decision.ts";
import type { DecisionLedger } from "./ledger.ts";
import { NetworkList } from "./network-list.ts";
import { strongest } from "./target-index.ts";

/** What a gateway asks: its request's headers, names in lower case, and who it is. */
export interface CheckRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The asking socket's address. */
  readonly peer: string;
  /** True when a token has proved that a gateway of ours asks, wherever from. */
  readonly fromGateway?: boolean;
}

/** Sent as it is. 200: let it pass; 403: refuse, as the headers say. */
export interface CheckAnswer {
  readonly status: 200 | 403;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Country and network of an address, where a geo database tells. */
export type GeoLookup = (address: string) => { readonly country?: string; readonly asn?: number } | undefined;

export interface CheckOptions {
  readonly clock: Clock;
  readonly ledger: Pick<DecisionLedger, "matching" | "needsGeo">;
  /** Whose headers are believed, beside loopback and gateways with a token. */
  readonly trusted: NetworkList;
  readonly allow: () => AllowList;
  /** Where the gateway names the user and the API key; lower case. */
  readonly names: { readonly userHeader: string; readonly keyHeader: string };
  readonly metrics: Pick<BlockMetrics, "checks">;
  readonly geo?: GeoLookup;
  /** Turns a user id into what events carry, where ids are stored as keyed hashes. */
  readonly pseudonym?: (userId: string) => string;
  /** Turns an API key into what events carry: keys that could be used are stored as hashes. */
  readonly credential?: (apiKey: string) => string;
}

const pass: CheckAnswer = { status: 200, headers: {}, body: "" };
const loopback = new NetworkList(["127.0.0.0/8", "::1"]);

/**
 * `GET /v1/check`: whether a gateway should let a request pass. Answers from memory in
 * microseconds. Whatever goes wrong, the answer is to let it pass.
 *
 * The client is the rightmost untrusted hop of `X-Forwarded-For`, or `X-Real-IP`. A request with
 * both is refused when either is blocked: a gateway sets one of them, and who forges the other only
 * adds a way to be refused.
 */
export function createCheck(options: CheckOptions): (request: CheckRequest) => CheckAnswer {
  const answered = options.metrics.checks;
  return (request) => {
    try {
      if (!isBelieved(request, options.trusted)) {
        answered.inc({ answer: "untrusted" });
        return pass;
      }
      const decision = decisionOn(request, options);
      answered.inc({ answer: decision?.action ?? "pass" });
      return decision ? refusal(decision, options.clock.now()) : pass;
    } catch {
      answered.inc({ answer: "error" });
      return pass;
    }
  };
}

// helpers

function isBelieved(request: CheckRequest, trusted: NetworkList): boolean {
  if (request.fromGateway) return true;
  const peer = parseAddress(request.peer);
  return peer !== undefined && (loopback.containing(peer) ?? trusted.containing(peer)) !== undefined;
}

function decisionOn(request: CheckRequest, options: CheckOptions): Decision | undefined {
  const { ledger, names, geo, pseudonym, credential } = options;
  const user = single(request.headers[names.userHeader]);
  const userId = user !== undefined && pseudonym ? pseudonym(user) : user;
  const key = single(request.headers[names.keyHeader]);
  const apiKey = key !== undefined && credential ? credential(key) : key;
  const allow = options.allow();
  const clients = clientsOf(request.headers, options.trusted);
  const found = (clients.length > 0 ? clients : [undefined]).map((clientIp) => {
    const place = clientIp !== undefined && ledger.needsGeo ? geo?.(clientIp) : undefined;
    const decision = ledger.matching({ clientIp, userId, apiKey, ...place });
    return decision && !allow.allows({ clientIp, userId, apiKey }) ? [decision] : [];
  });
  return strongest(found.flat());
}

function clientsOf(headers: CheckRequest["headers"], trusted: NetworkList): string[] {
  const forwardedFor = joined(headers["x-forwarded-for"]);
  const realIp = single(headers["x-real-ip"]);
  const hop = forwardedFor === undefined ? undefined : rightmostUntrusted(forwardedFor, trusted);
  const clients = [hop, realIp === undefined ? undefined : hopAddress(realIp)];
  return [...new Set(clients.filter((client) => client !== undefined))];
}

function refusal(decision: Decision, now: number): CheckAnswer {
  return {
    status: 403,
    headers: {
      "retry-after": String(Math.max(1, Math.ceil((decision.until - now) / 1000))),
      "x-gatewatch-action": decision.action,
      "x-gatewatch-reference": decision.uuid,
    },
    body: "",
  };
}

/** A header sent several times is one list. */
function joined(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === "string" ? value : value?.join(",");
  return text === undefined || text.trim() === "" ? undefined : text;
}

function single(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === "string" ? value : value?.at(-1);
  return text === undefined || text === "" ? undefined : text;
}
