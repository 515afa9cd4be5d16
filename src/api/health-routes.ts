import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Metrics } from "../metrics.ts";

const tags = ["health"];

/** What orchestrators and Prometheus ask. */
export function healthRoutes(metrics: Metrics, ready: () => readonly string[]): FastifyPluginAsyncZod {
  const readiness = z.object({ ready: z.boolean(), reasons: z.array(z.string()).readonly() });
  return async (app) => {
    app.get("/healthz", {
      config: { access: "open" },
      schema: { tags, summary: "The process answers", response: { 200: z.object({ ok: z.literal(true) }) } },
      handler: async () => ({ ok: true as const }),
    });

    app.get("/readyz", {
      config: { access: "open" },
      schema: {
        tags,
        summary: "The service can do its work, or why it can't",
        response: { 200: readiness, 503: readiness },
      },
      handler: async (_request, reply) => {
        const reasons = ready();
        return reply.code(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons });
      },
    });

    app.get("/metrics", {
      config: { access: "metrics" },
      schema: {
        tags,
        summary: "Metrics, in Prometheus' text format",
        response: { 200: { content: { "text/plain": { schema: z.string() } } } },
      },
      handler: async (_request, reply) =>
        reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
    });
  };
}
