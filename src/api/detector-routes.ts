import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { found } from "./api-error.ts";
import type { DetectorService } from "./api-services.ts";
import { detectorItemSchema, detectorSchema, reportSchema } from "./detector-schema.ts";

const tags = ["detectors"];
const params = z.strictObject({ id: z.string().min(1).max(128) });

/** Detectors: how each runs, what it can see, and what it found since it runs so. */
export function detectorRoutes(detectors: DetectorService): FastifyPluginAsyncZod {
  return async (app) => {
    app.get("/v1/detectors", {
      config: { access: "viewer" },
      schema: {
        tags,
        summary: "List detectors, with their modes, what they can see and what they found",
        response: { 200: z.object({ detectors: z.array(detectorItemSchema).readonly() }) },
      },
      handler: async () => ({ detectors: detectors.list() }),
    });

    app.get("/v1/detectors/:id", {
      config: { access: "viewer" },
      schema: {
        tags,
        summary: "Show what a detector looks for, and its parameters",
        params,
        response: { 200: z.object({ detector: detectorSchema }) },
      },
      handler: async ({ params: { id } }) => ({ detector: found(detectors.get(id), `detector ${id}`) }),
    });

    app.get("/v1/detectors/:id/report", {
      config: { access: "viewer" },
      schema: {
        tags,
        summary:
          "Tell what a detector found, whom it blocked or would have, and what other thresholds would have found",
        params,
        response: { 200: z.object({ report: reportSchema }) },
      },
      handler: async ({ params: { id } }) => ({ report: found(detectors.report(id), `detector ${id} that runs`) }),
    });
  };
}
