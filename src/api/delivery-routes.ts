import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { DeliveryService } from "./api-services.ts";
import { deliverySchema } from "./delivery-schema.ts";
import { nextField, pagingQuery, readPage } from "./paging.ts";

/** Deliveries: what people were sent, or would have been by an outbox channel. */
export function deliveryRoutes(deliveries: DeliveryService): FastifyPluginAsyncZod {
  return async (app) => {
    app.get("/v1/deliveries", {
      config: { access: "viewer" },
      schema: {
        tags: ["deliveries"],
        summary: "List deliveries, the newest first",
        querystring: z.strictObject({ channel: z.string().max(64).optional(), ...pagingQuery }),
        response: { 200: z.object({ deliveries: z.array(deliverySchema).readonly(), next: nextField }) },
      },
      handler: async ({ query }) => {
        const { items, next } = await readPage({
          limit: query.limit,
          read: (limit) => deliveries.list({ channel: query.channel, before: query.before, limit }),
          cursorOf: ({ createdAt, id }) => ({ time: createdAt, id }),
        });
        return { deliveries: items, next };
      },
    });
  };
}
