import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { baselineConfidences, baselineLevels, baselineMeasures } from "../detect/baseline.ts";
import { found } from "./api-error.ts";
import type { BaselineService } from "./api-services.ts";

const tags = ["baselines"];

const of = z.enum(baselineMeasures).default("requests").meta({
  description:
    "Requests a minute; shares that failed or were limited; milliseconds nine in ten stay below; requests of one actor in ten minutes",
});

const baselineSchema = z
  .object({
    known: z.boolean(),
    median: z.number(),
    spread: z.number(),
    samples: z.number().meta({ description: "Weeks, days or hours it was learned from, by its level" }),
    level: z.enum(baselineLevels),
    confidence: z.enum(baselineConfidences),
    hourOfWeek: z.number().meta({ description: "From Monday at midnight, by the clock of `timeZone`" }),
  })
  .meta({ id: "Baseline", description: "What is usual at one hour of the week" });

const placeSchema = baselineSchema.extend({ place: z.string() }).meta({ id: "PlaceBaseline" });

/** What is usual at each place and hour of the week, as it was learned from the store. */
export function baselineRoutes(baselines: BaselineService): FastifyPluginAsyncZod {
  return async (app) => {
    app.get("/v1/baselines", {
      config: { access: "viewer" },
      schema: {
        tags,
        summary: "List what is usual now at each route, class and gateway, the largest first",
        querystring: z.strictObject({ of }),
        response: {
          200: z.object({
            holdsFrom: z.number().optional(),
            learnedTo: z.number().optional(),
            timeZone: z.string().optional(),
            places: z.array(placeSchema).readonly(),
          }),
        },
      },
      handler: async ({ query }) => baselines.now(query.of),
    });

    app.get("/v1/baselines/week", {
      config: { access: "viewer" },
      schema: {
        tags,
        summary: "Show what is usual at one place in each hour of the week, Monday at midnight first",
        querystring: z.strictObject({
          of,
          place: z
            .string()
            .min(1)
            .max(2_048)
            .meta({ examples: ["route /api/login"] }),
        }),
        response: { 200: z.object({ hours: z.array(baselineSchema).readonly() }) },
      },
      handler: async ({ query }) => ({
        hours: found(baselines.week(query.of, query.place), `place "${query.place}" of which this is known`),
      }),
    });
  };
}
