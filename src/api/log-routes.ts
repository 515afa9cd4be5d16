import type { FastifyReply } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { LogService } from "./api-services.ts";

/** Where no HTTP source is configured, the service still has to be able to say so. */
const bodyLimitWithoutSource = 1024 * 1024;

/** Log lines, pushed: the body goes to the HTTP source as it came. */
export function logRoutes(logs: LogService): FastifyPluginAsyncZod {
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, parsed) => parsed(null, body));

    app.post("/v1/logs", {
      bodyLimit: logs.maxBodyBytes || bodyLimitWithoutSource,
      config: { access: "gateway" },
      schema: {
        tags: ["gateways"],
        summary: "Hand in log lines: NDJSON or a JSON array, perhaps gzip",
        consumes: ["application/x-ndjson", "application/json", "text/plain"],
        querystring: z.strictObject({
          source: z.string().max(64).optional().meta({ description: "Which HTTP source, where there are several" }),
        }),
        response: {
          202: {
            description: "How many lines were taken, and how many were refused",
            content: { "application/json": { schema: z.looseObject({ accepted: z.number(), rejected: z.number() }) } },
          },
        },
      },
      handler: async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const answer = await logs.accept(request.query.source, body, request.headers);
        // Statuses are the source's; a string goes out as it is.
        const raw: FastifyReply = reply;
        return raw
          .code(answer.status)
          .headers(answer.headers ?? {})
          .type("application/json; charset=utf-8")
          .send(JSON.stringify(answer.body));
      },
    });
  };
}
