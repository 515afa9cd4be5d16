import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { found } from "./api-error.ts";
import type { DetectionService } from "./api-services.ts";
import { detectionSchema } from "./detection-schema.ts";
import { nextField, pagingQuery, readPage } from "./paging.ts";

const tags = ["detections"];

/** Detections: what the detectors found, with figures and sample events. */
export function detectionRoutes(detections: DetectionService): FastifyPluginAsyncZod {
  return async (app) => {
    app.get("/v1/detections", {
      config: { access: "viewer" },
      schema: {
        tags,
        summary: "List detections, the newest first",
        querystring: z.strictObject({
          detector: z.string().max(64).optional(),
          state: z.enum(["open", "closed", "unconfirmed"]).optional(),
          ...pagingQuery,
        }),
        response: { 200: z.object({ detections: z.array(detectionSchema).readonly(), next: nextField }) },
      },
      handler: async ({ query }) => {
        const { items, next } = await readPage({
          limit: query.limit,
          read: (limit) =>
            detections.list({ detector: query.detector, state: query.state, before: query.before, limit }),
          cursorOf: ({ firedAt, id }) => ({ time: firedAt, id }),
        });
        return { detections: items, next };
      },
    });

    app.get("/v1/detections/:id", {
      config: { access: "viewer" },
      schema: {
        tags,
        summary: "Show a detection with its evidence",
        params: z.strictObject({ id: z.string().min(1).max(64) }),
        response: { 200: z.object({ detection: detectionSchema }) },
      },
      handler: async ({ params: { id } }) => ({ detection: found(await detections.get(id), `detection ${id}`) }),
    });
  };
}
