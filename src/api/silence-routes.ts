import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { durationMs } from "../units.ts";
import { callerName } from "./access-hook.ts";
import { done } from "./api-error.ts";
import type { SilenceService } from "./api-services.ts";

const tags = ["silences"];
/** Four weeks: what has to be quiet for longer belongs in the runbook. */
const longestMs = 28 * 86_400_000;

const silenceSchema = z
  .object({
    id: z.string(),
    runbook: z.string().optional(),
    match: z.record(z.string(), z.string()),
    until: z.number(),
    reason: z.string(),
    createdAt: z.number(),
    createdBy: z.string(),
  })
  .meta({ id: "Silence", description: "Nobody is paged for matching incidents until a time" });

const newSilence = z
  .strictObject({
    runbook: z.string().min(1).max(64).optional().meta({ description: "Only incidents of this runbook" }),
    match: z
      .record(z.string().max(64), z.string().max(256))
      .refine((match) => Object.keys(match).length <= 10, { error: "expected at most ten values" })
      .default({})
      .meta({ description: "Only incidents whose group has these values", examples: [{ endpointClass: "login" }] }),
    for: durationMs("2h").refine((ms) => ms > 0 && ms <= longestMs, { error: "expected 1ms to 28d" }),
    reason: z.string().trim().min(1).max(500),
  })
  .refine(({ runbook, match }) => runbook !== undefined || Object.keys(match).length > 0, {
    error: "expected a runbook, a match, or both: a silence over everything is not taken",
  });

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
        const { runbook, match, reason, for: forMs } = request.body;
        const result = await silences.create({ runbook, match, reason, forMs, by: callerName(request) });
        return reply.code(201).send({ silence: done(result, `runbook ${runbook ?? ""}`) });
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
        return { silence: done(await silences.remove(id, callerName(request)), `silence ${id}`) };
      },
    });
  };
}
