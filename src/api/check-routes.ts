import { METHODS } from "node:http";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { ApiServices } from "./api-services.ts";

const path = "/v1/check";

/**
 * Cuts off what a gateway puts behind our path: Envoy's ext_authz puts the client's own there, and
 * a path that can't be decoded must not make us refuse anybody.
 */
export function withoutClientPath(url: string): string {
  return url.startsWith(`${path}/`) ? path : url;
}

/**
 * Whether a gateway should let a request pass. Whatever goes wrong here lets it pass: a wrong token,
 * a fault of ours. The header `x-gatewatch-check` then says so.
 */
export function checkRoutes(options: {
  services: Pick<ApiServices, "check">;
  metrics: Metrics;
  log: Log;
}): FastifyPluginAsync {
  const failures = options.metrics.counter(
    "gatewatch_api_check_failures_total",
    "Checks that failed, and let the client in",
  );

  const answer = (request: FastifyRequest, reply: FastifyReply): void => {
    const { caller, headers, ip: peer } = request;
    if (!caller) {
      letPass(reply, "unauthenticated");
      return;
    }
    try {
      const answer = options.services.check({ headers, peer, fromGateway: caller.byToken });
      void reply.code(answer.status).headers(answer.headers).send(answer.body);
    } catch (error) {
      failures.inc();
      options.log.error({ err: error }, "check failed");
      letPass(reply, "failed");
    }
  };

  return async (app) => {
    // A gateway asks with the client's headers, Content-Type too, and mostly without the body.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, payload, parsed) => {
      payload.resume();
      parsed(null);
    });
    // fastify refuses a QUERY without it.
    app.addHook("onRequest", async ({ headers }) => {
      headers["content-type"] ??= "application/octet-stream";
    });

    app.get(path, {
      config: { access: "check" },
      schema: {
        tags: ["gateways"],
        summary: "Say whether a client may pass; by address, and by the user and key headers a gateway sets",
        response: {
          200: { description: "It may", content: { "text/plain": { schema: z.string() } } },
          403: { description: "It may not: see the headers", content: { "text/plain": { schema: z.string() } } },
        },
      },
      handler: answer,
    });
    // Gateways may pass on the client's own method; the answer never depends on it.
    const others = METHODS.filter((method) => !["GET", "HEAD", "CONNECT"].includes(method));
    const unknown = others.filter((method) => !app.supportedMethods.includes(method));
    for (const method of unknown) app.addHttpMethod(method, { hasBody: true });
    app.route({ method: others, url: path, config: { access: "check" }, schema: { hide: true }, handler: answer });
  };
}

// helpers

function letPass(reply: FastifyReply, why: string): void {
  void reply.code(200).header("x-gatewatch-check", why).send("");
}
