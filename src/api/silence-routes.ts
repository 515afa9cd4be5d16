import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { newSilence } from "../incident/silence.ts";
import { callerName } from "./access-hook.ts";
import { done } from "./api-error.ts";
import type { SilenceService } from "./api-services.ts";

const tags = ["silences"];
/** A `Silence`, as the API shows it. Times are epoch ms. */
const silenceSchema = z
  .object({
    id: z.string(),
    version: z.number(),
    runbook: z.string().optional(),
    detector: z.string().optional(),
    team: z.string().optional(),
    key: z.record(z.string(), z.string()),
    startsAt: z.number(),
    endsAt: z.number(),
    reason: z.string(),
    by: z.string(),
    endedBy: z.string().optional(),
  })
  .meta({ id: "Silence", description: "Nobody is paged for matching incidents until a time" });

/** Silences: incidents that nobody is to be paged for, until when and why. */
export function silenceRoutes(silences: SilenceService): FastifyPluginAsyncZod {
  return async (app) => {
    app.get("/v1/silences", {
      config: { access: "viewer" },
      schema: {
        tags,
        summary: "List the silences that hold",
        response: { 200: z.object({ silences: z.array(silenceSchema).readonly() }) },
      },
      handler: async () => ({ silences: await silences.list() }),
    });

    app.post("/v1/silences", {
      config: { access: "responder" },
      schema: {
        tags,
        summary: "Silence incidents, with an end and a reason",
        body: newSilence,
        response: { 201: z.object({ silence: silenceSchema }) },
      },
      handler: async (request, reply) => {
        const result = await silences.create(request.body, callerName(request));
        return reply.code(201).send({ silence: done(result, "such incident") });
      },
    });

    app.delete("/v1/silences/:id", {
      config: { access: "responder" },
      schema: {
        tags,
        summary: "End a silence now",
        params: z.strictObject({ id: z.string().min(1).max(64) }),
        response: { 200: z.object({ silence: silenceSchema }) },
      },
      handler: async (request) => {
        const { id } = request.params;
        return { silence: done(await silences.end(id, callerName(request)), `silence ${id}`) };
      },
    });
  };
}
