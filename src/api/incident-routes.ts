import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { callerName } from "./access-hook.ts";
import { done, found } from "./api-error.ts";
import type { IncidentService } from "./api-services.ts";
import { decisionSchema } from "./decision-schema.ts";
import { detectionSchema } from "./detection-schema.ts";
import { incidentSchema, incidentStateField, timelineSchema, withLinks } from "./incident-schema.ts";
import { nextField, pagingQuery, readPage } from "./paging.ts";

const tags = ["incidents"];
const params = z.strictObject({ id: z.string().min(1).max(64) });
const listQuery = z.strictObject({
  state: z
    .enum([...incidentStateField.options, "live"])
    .optional()
    .meta({ description: "`live`: open or acknowledged" }),
  ...pagingQuery,
});

/** Incidents: what is going on, what led to it, and what people did. */
export function incidentRoutes(incidents: IncidentService, publicUrl: string): FastifyPluginAsyncZod {
  return async (app) => {
    app.get("/v1/incidents", {
      config: { access: "viewer" },
      schema: {
        tags,
        summary: "List incidents, the newest first",
        querystring: listQuery,
        response: { 200: z.object({ incidents: z.array(incidentSchema), next: nextField }) },
      },
      handler: async ({ query }) => {
        const { items, next } = await readPage({
          limit: query.limit,
          read: (limit) => incidents.list({ state: query.state, before: query.before, limit }),
          cursorOf: ({ openedAt, id }) => ({ time: openedAt, id }),
        });
        return { incidents: items.map(withLinks), next };
      },
    });

    app.get("/v1/incidents/:id", {
      config: { access: "viewer" },
      schema: {
        tags,
        summary: "Show an incident with its timeline, detections and decisions",
        params,
        response: {
          200: z.object({
            incident: incidentSchema,
            timeline: z.array(timelineSchema).readonly(),
            detections: z.array(detectionSchema).readonly(),
            decisions: z.array(decisionSchema).readonly(),
            incidentUrl: z.string().meta({ description: "The incident's page, as people were sent it" }),
            runbookUrl: z.string().meta({ description: "The runbook's page, as people were sent it" }),
          }),
        },
      },
      handler: async ({ params: { id } }) => {
        const { incident, ...rest } = found(await incidents.get(id), `incident ${id}`);
        const base = publicUrl.replace(/\/+$/, "");
        return {
          incident: withLinks(incident),
          ...rest,
          incidentUrl: `${base}/incidents/${encodeURIComponent(incident.id)}`,
          runbookUrl: `${base}/runbooks/${encodeURIComponent(incident.runbook)}`,
        };
      },
    });

    app.get("/v1/incidents/:id/evidence", {
      config: { access: "viewer" },
      schema: {
        tags,
        summary: "Show what an incident rests on: its detections with their sample events",
        params,
        response: { 200: z.object({ detections: z.array(detectionSchema).readonly() }) },
      },
      handler: async ({ params: { id } }) => {
        const { detections } = found(await incidents.get(id), `incident ${id}`);
        return { detections };
      },
    });

    for (const [action, summary] of [
      ["acknowledge", "Say that somebody is looking at an incident"],
      ["resolve", "Say that an incident is over"],
    ] as const) {
      app.post(`/v1/incidents/:id/${action}`, {
        config: { access: "responder" },
        schema: {
          tags,
          summary,
          params,
          body: z.strictObject({}).nullish(),
          response: { 200: z.object({ incident: incidentSchema }) },
        },
        handler: async (request) => {
          const { id } = request.params;
          const incident = done(await incidents[action](id, callerName(request)), `incident ${id}`);
          return { incident: withLinks(incident) };
        },
      });
    }
  };
}
