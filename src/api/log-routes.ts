import type { FastifyReply } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { errorBody, type ApiErrorCode } from "./api-error.ts";
import type { LogAnswer, LogService } from "./api-services.ts";

/** Where no HTTP source is configured, the service still has to be able to say so. */
const bodyLimitWithoutSource = 1024 * 1024;

const counts = z.object({
  accepted: z.number(),
  rejected: z.number(),
  reasons: z.record(z.string(), z.number()).optional(),
  retryAfterSeconds: z.number().optional(),
});

const otlpResponse = z.object({
  partialSuccess: z.object({ rejectedLogRecords: z.string(), errorMessage: z.string() }).optional(),
});

const codes = {
  400: "BAD_REQUEST",
  404: "NOT_FOUND",
  413: "TOO_LARGE",
  415: "UNSUPPORTED_TYPE",
  429: "BUSY",
} as const satisfies Record<Exclude<LogAnswer["status"], 200 | 202>, ApiErrorCode>;

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
        summary: "Hand in log lines: NDJSON or a JSON array, or an OTLP request; perhaps gzip",
        consumes: ["application/x-ndjson", "application/json", "text/plain", "application/x-protobuf"],
        querystring: z.strictObject({
          source: z.string().max(64).optional().meta({ description: "Which HTTP source, where there are several" }),
        }),
        response: {
          200: {
            description: "To an OTLP request: ExportLogsServiceResponse, in the encoding of the request",
            content: {
              "application/json": { schema: otlpResponse },
              "application/x-protobuf": { schema: z.string() },
            },
          },
          202: {
            description: "How many lines were taken, and how many were refused",
            content: { "application/json": { schema: counts } },
          },
          "4xx": errorBody.extend(counts.partial().shape),
        },
      },
      handler: async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const {
          status,
          body: content,
          otlp,
        } = await logs.accept(request.query.source, body, {
          contentType: request.headers["content-type"],
          contentEncoding: request.headers["content-encoding"],
        });
        if (content.retryAfterSeconds !== undefined) void reply.header("retry-after", content.retryAfterSeconds);
        if (otlp) {
          const raw: FastifyReply = reply;
          return raw.code(status).type(otlp.contentType).send(otlp.content);
        }
        // Counts come with a refusal too, beside the one error shape.
        const { error, ...counts } = content;
        const shown =
          status === 200 || status === 202
            ? counts
            : { error: { code: codes[status], message: error ?? "" }, ...counts };
        const raw: FastifyReply = reply;
        return raw.code(status).send(shown);
      },
    });
  };
}
