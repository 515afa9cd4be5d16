import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../clock.ts";
import type { Metrics } from "../metrics.ts";
import { judgeAccess, roleSuffices, type Access, type AccessVerdict } from "./access.ts";
import type { ApiConfig } from "./api-config.ts";
import { ApiError } from "./api-error.ts";
import { type ForwardedCallers, ticketHeader } from "./forwarded-callers.ts";
import { FailureLimit } from "./failure-limit.ts";
import { isKnownHost, isSameOrigin } from "./origin-check.ts";
import { createTokenFinder, type Caller } from "./tokens.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Who may use the route; a route without it does not start. */
    access?: Access;
  }
  interface FastifyRequest {
    /** Set before any handler runs, except where a check's asker is unknown. */
    caller: Caller | undefined;
  }
}

export interface AccessOptions {
  readonly config: ApiConfig;
  /** The name in it is a known host as well. */
  readonly publicUrl: string;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Who asked for what another instance has handed on. */
  readonly forwarded?: Pick<ForwardedCallers, "take"> | undefined;
}

/** Judges every request before its body is read: who asks, under which host name, for which page. */
export function addAccessHook(app: FastifyInstance, options: AccessOptions): void {
  const { tokens } = options.config;
  const judgeOptions = { findCaller: createTokenFinder(tokens), tokens: tokens.length > 0 };
  const hosts = [...options.config.allowedHosts, new URL(options.publicUrl).host];
  const limit = new FailureLimit(options.clock);
  const refused = options.metrics.counter("gatewatch_api_refused_total", "Requests refused before they were read", [
    "reason",
  ]);

  const refuse = (reason: string, error: ApiError): never => {
    refused.inc({ reason });
    throw error;
  };

  app.decorateRequest("caller", undefined);
  app.addHook("onRequest", async (request) => {
    if (request.is404) return;
    const access = accessOf(request);
    const peer = request.ip;
    const caller = options.forwarded?.take(request.headers[ticketHeader]);
    const verdict = caller
      ? judgeForwarded(caller, access)
      : judgeAccess(
          { access, authorization: request.headers.authorization, peer, forwarded: isForwarded(request) },
          judgeOptions,
        );
    if (verdict.kind === "allowed") {
      // A token is never sent by a tricked browser; where none was needed, the headers have to do.
      if (!verdict.caller.byToken && access !== "open" && access !== "check") {
        if (!isKnownHost(request.headers.host, hosts)) refuse("host", unknownHost());
        if (!isReading(request.method) && !isSameOrigin(originHeaders(request))) refuse("origin", foreignOrigin());
      }
      request.caller = verdict.caller;
    } else if (access === "check") {
      refused.inc({ reason: "check" });
    } else if (verdict.kind === "forbidden") {
      refuse(
        "role",
        new ApiError(
          "FORBIDDEN",
          `The token of ${verdict.caller.name} (${verdict.caller.role}) does not allow this; it takes ${access}.`,
        ),
      );
    } else {
      const waitMs = verdict.tokenGiven ? limit.failed(peer) : 0;
      if (waitMs > 0) refuse("too_many_failures", tooManyFailures(waitMs));
      refuse("unauthenticated", unauthenticated());
    }
  });
}

/** The caller's name, for timelines. */
export function callerName(request: FastifyRequest): string {
  return request.caller?.name ?? "anonymous";
}

// helpers

/** It was judged where it was asked; here once more, by the configuration here. */
function judgeForwarded(caller: Caller, access: Access): AccessVerdict {
  const suffices = access !== "open" && access !== "page" && roleSuffices(caller.role, access);
  return { kind: suffices ? "allowed" : "forbidden", caller };
}

function accessOf(request: FastifyRequest): Access {
  const { access } = request.routeOptions.config;
  if (!access) throw new Error(`route ${request.routeOptions.url ?? request.url} does not say who may use it`);
  return access;
}

function isForwarded(request: FastifyRequest): boolean {
  return request.headers["x-forwarded-for"] !== undefined || request.headers.forwarded !== undefined;
}

function isReading(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

function originHeaders(request: FastifyRequest) {
  const site = request.headers["sec-fetch-site"];
  return {
    host: request.headers.host,
    origin: request.headers.origin,
    "sec-fetch-site": Array.isArray(site) ? site.join() : site,
  };
}

function unknownHost(): ApiError {
  return new ApiError("HOST_REFUSED", "The Host header names another site.", {
    remedy: "Use 127.0.0.1 or localhost, or add the name to api.allowedHosts.",
  });
}

function foreignOrigin(): ApiError {
  return new ApiError("ORIGIN_REFUSED", "Another site's page asked for this.", {
    remedy: "Use the console at this service's own address.",
  });
}

function unauthenticated(): ApiError {
  return new ApiError("UNAUTHENTICATED", "This takes a token.", {
    remedy: "Send `Authorization: Bearer TOKEN`, with a token whose SHA-256 is under api.tokens.",
    headers: { "www-authenticate": 'Bearer realm="gatewatch"' },
  });
}

function tooManyFailures(waitMs: number): ApiError {
  return new ApiError("TOO_MANY_FAILURES", "Too many wrong tokens came from this address.", {
    headers: { "retry-after": String(Math.ceil(waitMs / 1000)) },
  });
}
