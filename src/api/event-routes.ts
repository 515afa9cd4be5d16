import { PassThrough } from "node:stream";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { ApiError } from "./api-error.ts";
import type { EventHub } from "./event-hub.ts";

/** The console's live stream. */
export function eventRoutes(hub: EventHub): FastifyPluginAsyncZod {
  return async (app) => {
    app.addHook("preClose", async () => hub.close());
    app.get("/v1/events", {
      config: { access: "viewer", streams: true },
      exposeHeadRoute: false,
      schema: {
        tags: ["status"],
        summary: "Follow status, incidents, decisions and deliveries as server-sent events",
        response: {
          200: {
            description: "`snapshot` once, then `changes` every two seconds; `trouble` when a reading failed",
            content: { "text/event-stream": { schema: z.unknown() } },
          },
        },
      },
      handler: async (_request, reply) => {
        if (!hub.hasRoom) throw new ApiError("UNAVAILABLE", "Too many consoles are listening.");
        const stream = new PassThrough();
        hub.add(stream);
        return reply.type("text/event-stream").header("x-accel-buffering", "no").send(stream);
      },
    });
  };
}
