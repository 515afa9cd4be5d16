import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { callerName } from "./access-hook.ts";
import type { ApiServices } from "./api-services.ts";
import { decisionSchema } from "./decision-schema.ts";
import { detectionSchema } from "./detection-schema.ts";
import { incidentSchema, withLinks } from "./incident-schema.ts";
import { serviceStatus } from "./service-status.ts";

const explanationSchema = z
  .object({
    subject: z.string(),
    lines: z.array(z.string()).readonly(),
    decisions: z.array(decisionSchema).readonly(),
    detections: z.array(detectionSchema).readonly(),
    incidents: z.array(incidentSchema).readonly(),
  })
  .meta({ id: "Explanation" });

/** How the service is, why somebody was refused, and the switch that lets everyone in. */
export function statusRoutes(services: Pick<ApiServices, "status" | "why" | "blocking">): FastifyPluginAsyncZod {
  return async (app) => {
    app.get("/v1/status", {
      config: { access: "viewer" },
      schema: {
        tags: ["status"],
        summary: "Show rates, lag, sources, detectors, store and blocking",
        response: { 200: serviceStatus },
      },
      handler: async () => services.status(),
    });

    app.get("/v1/why/:subject", {
      config: { access: "viewer" },
      schema: {
        tags: ["decisions"],
        summary: "Tell all that is known of an address, a user or a reference",
        params: z.strictObject({ subject: z.string().trim().min(1).max(256) }),
        response: { 200: explanationSchema },
      },
      handler: async ({ params: { subject } }) => {
        const why = await services.why(subject);
        return { ...why, incidents: why.incidents.map(withLinks) };
      },
    });

    for (const [action, access, summary] of [
      ["stop", "responder", "Let everyone in, and empty every gateway"],
      ["resume", "admin", "Take blocking up again where it was stopped"],
    ] as const) {
      app.post(`/v1/blocking/${action}`, {
        config: { access },
        schema: {
          tags: ["decisions"],
          summary,
          body: z.strictObject({}).nullish(),
          response: { 200: serviceStatus.shape.blocking },
        },
        handler: async (request) => {
          await services.blocking[action](callerName(request));
          return services.status().blocking;
        },
      });
    }
  };
}
