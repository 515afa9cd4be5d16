import type { FastifyInstance } from "fastify";
import type { Metrics } from "../metrics.ts";

/** How long requests took, by route template and status class; streams are left out. */
export function addHttpMetrics(app: FastifyInstance, metrics: Metrics): void {
  const seconds = metrics.histogram("gatewatch_api_request_seconds", "How long HTTP requests took", {
    labels: ["method", "route", "status"],
    buckets: [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
  });
  app.addHook("onResponse", async (request, reply) => {
    if (request.routeOptions.config.streams) return;
    // Whatever no route matches shares one series: addresses and methods are the client's to choose.
    const route = request.is404 ? "unmatched" : (request.routeOptions.url ?? "unmatched");
    const method = request.is404 ? "any" : request.method;
    seconds.observe({ method, route, status: `${Math.floor(reply.statusCode / 100)}xx` }, reply.elapsedTime / 1000);
  });
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** The answer lasts as long as the client listens; how long says nothing. */
    streams?: boolean;
  }
}
