import { isIP } from "node:net";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { durationMs } from "../units.ts";
import { callerName } from "./access-hook.ts";
import { done } from "./api-error.ts";
import type { DecisionService } from "./api-services.ts";
import { actionField, decisionSchema, decisionStateField } from "./decision-schema.ts";
import { scopeField } from "./detection-schema.ts";
import { nextField, pagingQuery, readPage } from "./paging.ts";

const tags = ["decisions"];
/** A year: long enough for anything a person means, short enough to be noticed. */
const longestMs = 365 * 86_400_000;
const params = z.strictObject({ id: z.coerce.number().int().min(0) });
const one = { 200: z.object({ decision: decisionSchema }) };

const reasonField = z.string().trim().min(1).max(500);

const newDecision = z
  .strictObject({
    scope: scopeField,
    value: z.string().trim().min(1).max(256),
    action: actionField,
    for: durationMs("15m").refine((ms) => ms > 0 && ms <= longestMs, { error: "expected 1ms to 365d" }),
    reason: reasonField.meta({ examples: ["reported by the fraud team"] }),
  })
  .refine(({ scope, value }) => scope !== "ip" || isIP(value) !== 0, {
    path: ["value"],
    error: "expected an IP address, as `scope` says",
  })
  .refine(({ scope, value }) => scope !== "range" || ipaddr.isValidCIDR(value), {
    path: ["value"],
    error: "expected a range such as 192.0.2.0/24, as `scope` says",
  });

/** Decisions: who is banned, slowed down or challenged, until when and why. */
export function decisionRoutes(decisions: DecisionService): FastifyPluginAsyncZod {
  return async (app) => {
    app.get("/v1/decisions", {
      config: { access: "viewer" },
      schema: {
        tags,
        summary: "List decisions, the newest first",
        querystring: z.strictObject({
          state: z
            .enum([...decisionStateField.options, "current"])
            .optional()
            .meta({ description: "`current`: active, or waiting for a person" }),
          scope: scopeField.optional(),
          value: z.string().max(256).optional(),
          ...pagingQuery,
        }),
        response: { 200: z.object({ decisions: z.array(decisionSchema).readonly(), next: nextField }) },
      },
      handler: async ({ query: { limit, ...filter } }) => {
        const { items, next } = await readPage({
          limit,
          read: (limit) =>
            decisions.list({
              state: filter.state,
              scope: filter.scope,
              value: filter.value,
              before: filter.before,
              limit,
            }),
          cursorOf: ({ createdAt, id }) => ({ time: createdAt, id: String(id) }),
        });
        return { decisions: items, next };
      },
    });

    app.post("/v1/decisions", {
      config: { access: "responder" },
      schema: {
        tags,
        summary: "Decide by hand; the guard still speaks, see `state` and `verdicts` of the answer",
        body: newDecision,
        response: { 201: z.object({ decision: decisionSchema }) },
      },
      handler: async (request, reply) => {
        const { for: forMs, ...rest } = request.body;
        const decision = done(await decisions.add({ ...rest, forMs, by: callerName(request) }), "decision");
        return reply.code(201).send({ decision });
      },
    });

    app.delete("/v1/decisions/:id", {
      config: { access: "responder" },
      schema: {
        tags,
        summary: "Lift a decision now",
        params,
        querystring: z.strictObject({ reason: reasonField.default("lifted by hand") }),
        response: one,
      },
      handler: async (request) => {
        const { id } = request.params;
        const result = await decisions.lift(id, callerName(request), request.query.reason);
        return { decision: done(result, `decision ${id}`) };
      },
    });

    app.post("/v1/decisions/:id/confirm", {
      config: { access: "responder" },
      schema: {
        tags,
        summary: "Let a decision stand that the guard asked a person about",
        params,
        body: z.strictObject({}).nullish(),
        response: one,
      },
      handler: async (request) => {
        const { id } = request.params;
        return { decision: done(await decisions.confirm(id, callerName(request)), `decision ${id}`) };
      },
    });
  };
}
