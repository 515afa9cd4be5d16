import { expect } from "vitest";
import type { AccessEvent, RejectReason } from "../../../src/normalize/access-event.ts";
import { agent, customer, host, requests, type GatewayRequest } from "./requests.ts";

/** What is compared between gateways. */
export type Projection = Pick<
  AccessEvent,
  "method" | "path" | "status" | "clientIp" | "clientIpTrust" | "outcome" | "answeredBy" | "host" | "userAgent"
>;

/** Figures that differ a little from gateway to gateway; only looked at for plausibility. */
export type Figure = "durationMs" | "upstreamMs" | "responseBytes";

/** What one gateway's log can't tell, each with the reason; all else it has to tell as the others do. */
export interface LogKnowledge {
  /** The format that it must be found to be. */
  readonly format: string;
  readonly lacks: Readonly<Partial<Record<keyof Projection | Figure, string>>>;
  /** Requests that this gateway answered or logged in another way than the rest. */
  readonly differs: Readonly<Record<string, { readonly why: string; readonly event: Partial<Projection> }>>;
  /** What came of a path of one megabyte: the statuses of its events. Some gateways refuse it, some refuse and don't log it. */
  readonly huge: readonly number[];
  /** Why lines became no event, in their order. */
  readonly rejected: readonly RejectReason[];
}

export const hugePath = "1 MB path";
/** The first request of the limiter's two has the path of the second. */
export const compared = requests.filter(({ name }) => name !== hugePath);

/** What was asked and answered, as the best of logs would tell it. */
export function truth(request: GatewayRequest): Projection {
  const { name, method, target, from, headers } = request;
  const usual: Projection = {
    method,
    path: target.split("?")[0] as string,
    status: 200,
    clientIp: from ?? customer,
    // Addresses of loopback are private, and nobody can be sure of a private address.
    clientIpTrust: from === undefined ? "certain" : "guessed",
    outcome: "ok",
    answeredBy: "upstream",
    host,
    userAgent: agent,
  };
  if (name === "401") return { ...usual, status: 401, outcome: "failed" };
  if (name === "404") return { ...usual, status: 404, outcome: "unknown" };
  if (name === "429 by the gateway's limiter") {
    return { ...usual, status: 429, outcome: "limited", answeredBy: "gateway" };
  }
  if (name === "upstream down") return { ...usual, status: 502, outcome: "failed", answeredBy: "gateway" };
  // Of the hops in the header, the one that the trusted hop wrote: the last.
  if (from === undefined) return { ...usual, clientIp: headers?.["x-forwarded-for"]?.split(", ").at(-1) };
  return usual;
}

/** What this log can tell of it. */
export function expected(request: GatewayRequest, { lacks, differs }: LogKnowledge): Projection {
  const event = { ...truth(request) };
  if (lacks.host) event.host = undefined;
  if (lacks.userAgent) event.userAgent = undefined;
  if (lacks.answeredBy) event.answeredBy = "unknown";
  if (lacks.clientIp) event.clientIp = request.from ?? "127.0.0.3";
  if (lacks.clientIp || lacks.clientIpTrust) event.clientIpTrust = "guessed";
  return { ...event, ...differs[request.name]?.event };
}

/** An address that depends on the machine. */
const some = expect.any(String) as string;
const unreachable = { "upstream down": { why: "its answer when nobody listens is 503", event: { status: 503 } } };
const nginxCantTell = {
  "upstream down": { why: "$upstream_status is 502 also for a server that nobody reached", event: { answeredBy: "unknown" } }, // prettier-ignore
} as const;
const traefikCantTell = {
  "upstream down": { why: "OriginStatus is 502 also when Traefik itself wrote it", event: { answeredBy: "unknown" } },
} as const;

const haproxyHttp: LogKnowledge = {
  format: "haproxy-http",
  lacks: {
    clientIp: "captured headers have no names, so the peer alone is known",
    host: "captured headers have no names",
    userAgent: "captured headers have no names",
  },
  differs: unreachable,
  huge: [],
  // The second and third line: HAProxy says into the same log that it stops.
  rejected: ["no_method", "unknown_format", "unknown_format"],
};
const haproxyJson: LogKnowledge = {
  format: "haproxy-json",
  lacks: {},
  differs: unreachable,
  huge: [],
  rejected: ["no_method", "not_json", "not_json"],
};
const envoyJson: LogKnowledge = {
  format: "envoy-gateway",
  lacks: {},
  differs: unreachable,
  huge: [],
  rejected: ["no_method"],
};

/** By the names of the gateways' logs. */
export const whatLogsKnow: Readonly<Record<string, LogKnowledge>> = {
  "nginx-json": { format: "nginx-json", lacks: {}, differs: nginxCantTell, huge: [], rejected: ["no_method"] },
  "nginx-combined": {
    format: "nginx-combined",
    lacks: {
      clientIp: "the peer alone is logged",
      host: "not logged",
      answeredBy: "not logged",
      durationMs: "not logged",
      upstreamMs: "not logged",
    },
    differs: {},
    huge: [414],
    rejected: [],
  },
  "haproxy-http": haproxyHttp,
  "haproxy-http over syslog": haproxyHttp,
  "haproxy-json": haproxyJson,
  "haproxy-json over syslog": haproxyJson,
  caddy: {
    format: "caddy",
    lacks: {},
    differs: {
      "first of its kind": {
        why: "Caddy's own build has no limiter; a rule answers always",
        event: { status: 429, outcome: "limited", answeredBy: "gateway" },
      },
    },
    huge: [],
    rejected: [],
  },
  "traefik-json": { format: "traefik-json", lacks: {}, differs: traefikCantTell, huge: [200], rejected: [] },
  "traefik-clf": {
    format: "traefik-clf",
    lacks: {
      clientIpTrust: "the header is logged in place of the peer",
      host: "not logged",
      userAgent: "not logged",
      upstreamMs: "not logged",
    },
    differs: traefikCantTell,
    huge: [200],
    rejected: [],
  },
  "envoy-gateway": envoyJson,
  "envoy-gateway, the keys of docs/formats.md": envoyJson,
  "envoy-text": {
    format: "envoy-text",
    lacks: { clientIpTrust: "no address of the socket is logged, only X-Forwarded-For" },
    differs: {
      ...unreachable,
      IPv6: { why: "Envoy takes ::1 for itself, and writes its machine's address", event: { clientIp: some } },
    },
    huge: [],
    rejected: ["no_method"],
  },
};
