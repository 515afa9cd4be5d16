import { createHash, timingSafeEqual } from "node:crypto";
import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { CrowdsecConfig } from "./block-config.ts";
import { blockMetrics } from "./block-metrics.ts";
import {
  type CrowdsecView,
  type StreamCursor,
  activeDecisions,
  deletedDecisions,
  newDecisions,
} from "./crowdsec-decisions.ts";
import { type RawQuery, parseCrowdsecQuery } from "./crowdsec-query.ts";
import type { DecisionLedger } from "./ledger.ts";

export interface CrowdsecServerOptions {
  readonly ledger: DecisionLedger;
  readonly keys: CrowdsecConfig["keys"];
  readonly types: CrowdsecConfig["types"];
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Bouncers times their addresses; the one that asked longest ago starts anew, and is told all. */
const maxCursors = 10_000;
const maxBodyBytes = 1024 ** 2;
const endpoints = ["/v1/decisions", "/v1/decisions/stream", "/v1/usage-metrics", "/v1/heartbeat", "/health"];
/** What a bouncer is told in a stream unless it names scopes: most can enforce nothing else. */
const streamScopes = ["ip", "range"];

/**
 * The part of CrowdSec's local API that bouncers use, on a listener of its own: existing bouncers
 * for nginx, HAProxy, Traefik, Caddy, firewalls and Cloudflare pull our decisions. Dry runs are left
 * out. `listen` is up to the caller.
 */
export function createCrowdsecServer(options: CrowdsecServerOptions): FastifyInstance {
  const { ledger, clock, log } = options;
  const { bouncers } = blockMetrics(options.metrics);
  const keys = options.keys.map(({ name, sha256 }) => ({ name, hash: Buffer.from(sha256, "hex") }));
  const cursors = new StreamCursors();
  const server = fastify({ logger: false, exposeHeadRoutes: false, bodyLimit: maxBodyBytes });

  server.addHook("onRequest", async (request, reply) => {
    if (request.routeOptions.url === "/health") return;
    if (!bouncerOf(request)) await reply.code(403).send({ message: "access forbidden" });
  });
  server.addHook("onResponse", async (request, reply) => {
    const url = request.routeOptions.url ?? "";
    bouncers.inc({ endpoint: endpoints.includes(url) ? url : "other", status: String(reply.statusCode) });
  });
  server.setNotFoundHandler((_, reply) => reply.code(404).send({ message: "no such endpoint" }));
  server.setErrorHandler((error: Error & { statusCode?: number }, _, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.error({ error: error.message }, "a bouncer's request failed");
    return reply.code(status).send({ message: status >= 500 ? "internal error" : error.message });
  });
  // Usage metrics come as JSON, perhaps compressed; nothing in them is needed.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "buffer" }, (_, body, done) => done(null, body));

  server.get("/health", () => ({ status: "up" }));
  server.get("/v1/heartbeat", () => ({ message: "ok" }));
  server.post("/v1/usage-metrics", (_, reply) => reply.code(201).send());
  server.head("/v1/decisions", (_, reply) => reply.send());
  server.head("/v1/decisions/stream", (_, reply) => reply.send());

  server.get<{ Querystring: RawQuery }>("/v1/decisions", (request, reply) => {
    const view = viewFor(request.query, []);
    if (typeof view === "string") return reply.code(400).send({ message: view });
    return reply.type("application/json").send(json(orNull(activeDecisions(view))));
  });

  server.get<{ Querystring: RawQuery }>("/v1/decisions/stream", (request, reply) => {
    const begun: StreamCursor = { revision: ledger.revision, time: clock.now() };
    const view = viewFor(request.query, streamScopes);
    if (typeof view === "string") return reply.code(400).send({ message: view });
    const reader = `${bouncerOf(request)} ${request.ip}`;
    const isStartup = request.query["startup"] === "true";
    const cursor = isStartup ? undefined : cursors.get(reader);
    const body = { new: orNull(newDecisions(view, cursor)), deleted: orNull(deletedDecisions(view, cursor)) };
    // Only once it is written: a bouncer that never got the answer asks for the same again.
    reply.raw.once("finish", () => cursors.set(reader, begun));
    return reply.type("application/json").send(json(body));
  });

  function viewFor(raw: RawQuery, defaultScopes: readonly string[]): CrowdsecView | string {
    const query = parseCrowdsecQuery(raw, defaultScopes);
    return typeof query === "string" ? query : { ledger, query, types: options.types, now: clock.now() };
  }

  /** The name of the key that was presented. Every key is compared, in the same time. */
  function bouncerOf(request: FastifyRequest): string | undefined {
    const presented = request.headers["x-api-key"];
    if (typeof presented !== "string") return undefined;
    const hash = createHash("sha256").update(presented).digest();
    return keys.filter((key) => timingSafeEqual(key.hash, hash))[0]?.name;
  }

  return server;
}

// helpers

/** Where each bouncer has got to: a key may be shared by replicas, so its address counts too. */
class StreamCursors {
  readonly #byReader = new Map<string, StreamCursor>();

  get(reader: string): StreamCursor | undefined {
    return this.#byReader.get(reader);
  }

  set(reader: string, cursor: StreamCursor): void {
    this.#byReader.delete(reader);
    this.#byReader.set(reader, cursor);
    if (this.#byReader.size <= maxCursors) return;
    const oldest = this.#byReader.keys().next().value;
    if (oldest !== undefined) this.#byReader.delete(oldest);
  }
}

/** Bouncers compare with `null`; an empty list breaks some of them. */
function orNull<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list;
}

function json(value: unknown): string {
  return JSON.stringify(value);
}
